//! Client of Twilio's REST API: sending a message, and the exchange that listing shares with it.

use anyhow::Context as _;
use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::time::Duration;

use super::outcome::{self, ApiResponse};
use super::{Twilio, TwilioConfig, report};
use crate::contracts::transport::{SendError, SentReceipt};
use crate::model::message::Outbound;

/// Largest response that is read. A page of the message list has about 200 kB.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// Longest `Retry-After` that is honoured.
const MAX_PAUSE: Duration = Duration::from_hours(24);

/// HTTP client that writes every request at most once: it follows no redirect and retries nothing.
///
/// One retry cannot be turned off: that of a request whose pooled connection was found closed before
/// a byte was written. Restricting the client to HTTP/1 keeps it at that.
pub(super) fn client(config: &TwilioConfig) -> anyhow::Result<reqwest::Client> {
    // A TLS provider that was installed earlier serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(config.connect_timeout)
        .timeout(config.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .no_proxy()
        // The server closes idle connections, in the worst case during a write.
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("crosswire/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("no HTTPS client; are the system's CA certificates installed?")
}

pub(super) async fn send(twilio: &Twilio, message: &Outbound) -> Result<SentReceipt, SendError> {
    let parameters = parameters(twilio, message)?;
    let request = twilio.http.post(messages_url(&twilio.config)).form(&parameters);
    let response = exchange(twilio, request).await?;
    if !response.status.is_success() {
        return Err(outcome::send_error(&response));
    }
    created(&response).ok_or_else(|| {
        SendError::Ambiguous(format!(
            "status {} without a readable message",
            response.status.as_u16()
        ))
    })
}

pub(super) fn messages_url(config: &TwilioConfig) -> String {
    format!("{}{}", config.api_base, messages_path(config))
}

pub(super) fn messages_path(config: &TwilioConfig) -> String {
    format!("/2010-04-01/Accounts/{}/Messages.json", config.account_sid)
}

/// Line that a message leaves from, if one is known.
pub(super) fn line<'a>(config: &'a TwilioConfig, message: &'a Outbound) -> Option<&'a str> {
    let line = message.to.line.reveal();
    if line.is_empty() { config.from_number.as_deref() } else { Some(line) }
}

/// Sends a request with the account's credentials, and reads the whole response.
pub(super) async fn exchange(
    twilio: &Twilio,
    request: RequestBuilder,
) -> Result<ApiResponse, SendError> {
    let request = authorized(&twilio.config, request)?;
    let mut response = request.send().await.map_err(outcome::transport_error)?;
    Ok(ApiResponse {
        status: response.status(),
        retry_after: retry_after(response.headers()),
        body: body(&mut response).await,
    })
}

fn authorized(config: &TwilioConfig, request: RequestBuilder) -> Result<RequestBuilder, SendError> {
    let key = config.api_key.as_ref().zip(config.api_secret.as_ref());
    let token = config.auth_token.as_ref().map(|token| (&config.account_sid, token));
    let (user, secret) = key.or(token).ok_or_else(|| SendError::Account {
        code: 20003,
        reason: "no credentials; set an auth token, or an API key with its secret".to_owned(),
    })?;
    Ok(request.basic_auth(user, Some(secret.expose_secret())))
}

fn parameters(
    twilio: &Twilio,
    message: &Outbound,
) -> Result<Vec<(&'static str, String)>, SendError> {
    let config = &twilio.config;
    let line = line(config, message);
    let service = config.messaging_service_sid.as_deref();
    if line.is_none() && service.is_none() {
        return Err(SendError::Line {
            code: 21603,
            reason: "no line to send from; set a number or a messaging service".to_owned(),
        });
    }
    let mut parameters = vec![("To", message.to.identity.reveal().to_owned())];
    // With both, the service prefers this line among its own, so that a reply leaves from the number
    // that the sender texted.
    parameters.extend(line.map(|line| ("From", line.to_owned())));
    parameters.extend(service.map(|service| ("MessagingServiceSid", service.to_owned())));
    let text = message.text.reveal();
    if !text.is_empty() || message.media.is_empty() {
        parameters.push(("Body", text.to_owned()));
    }
    parameters.extend(message.media.iter().map(|media| ("MediaUrl", media.url.clone())));
    parameters.extend(status_callback(twilio, message).map(|url| ("StatusCallback", url)));
    Ok(parameters)
}

/// URL of the status callback, with the ids that a delivery report returns.
fn status_callback(twilio: &Twilio, message: &Outbound) -> Option<String> {
    let mut url = twilio.status_callback.clone()?;
    let mut query = url.query_pairs_mut();
    query.append_pair(report::MESSAGE, message.id.as_str());
    if let Some(cause) = &message.cause {
        query.append_pair(report::CAUSE, cause.id.as_str());
    }
    drop(query);
    Some(url.into())
}

/// Response to a created message, without the fields that are not used.
#[derive(Deserialize)]
struct Created {
    sid: String,
}

fn created(response: &ApiResponse) -> Option<SentReceipt> {
    let created: Created = serde_json::from_slice(response.body.as_deref()?).ok()?;
    (!created.sid.is_empty()).then(|| SentReceipt::new(created.sid))
}

async fn body(response: &mut Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_RESPONSE_BYTES {
            return None;
        }
    }
    Some(body)
}

/// Pause that the provider asks for, in seconds or as a date. A date is compared with the response's
/// own `Date`, so that clocks need not agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let value = text(RETRY_AFTER)?;
    let pause = value.parse().map(Duration::from_secs).ok().or_else(|| {
        let until = DateTime::parse_from_rfc2822(value).ok()?;
        let now = DateTime::parse_from_rfc2822(text(DATE)?).ok()?;
        (until - now).to_std().ok()
    })?;
    Some(pause.min(MAX_PAUSE))
}
