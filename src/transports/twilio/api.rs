//! Sending over Twilio's REST API, and the exchange that listing shares with it.

use anyhow::Context as _;
use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::time::Duration;

use super::outcome::{self, Answer};
use super::{Twilio, TwilioConfig, report};
use crate::contracts::transport::{SendError, SentReceipt};
use crate::model::message::Outbound;

/// A page of a listing is some 200 kB.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Longer than this nobody means.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// A client that writes every request at most once: it follows no redirect and repeats nothing.
///
/// One repetition is left and cannot be turned off, that of a request which found its pooled
/// connection closed before a byte of it was taken up for writing. HTTP/1 alone keeps it at that.
pub(super) fn client(config: &TwilioConfig) -> anyhow::Result<reqwest::Client> {
    // Somebody else's choice of a provider, made earlier, is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(config.connect_timeout)
        .timeout(config.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .no_proxy()
        // Connections that lie long are closed by the other side, in the worst case while we write.
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("crosswire/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("no HTTPS client; are the system's CA certificates installed?")
}

pub(super) async fn send(twilio: &Twilio, message: &Outbound) -> Result<SentReceipt, SendError> {
    let parameters = parameters(twilio, message)?;
    let request = twilio.http.post(messages_url(&twilio.config)).form(&parameters);
    let answer = exchange(twilio, request).await?;
    if !answer.status.is_success() {
        return Err(outcome::refusal(&answer));
    }
    created(&answer).ok_or_else(|| {
        SendError::Ambiguous(format!(
            "answered {} without a message that can be read",
            answer.status.as_u16()
        ))
    })
}

pub(super) fn messages_url(config: &TwilioConfig) -> String {
    format!("{}{}", config.api_base, messages_path(config))
}

pub(super) fn messages_path(config: &TwilioConfig) -> String {
    format!("/2010-04-01/Accounts/{}/Messages.json", config.account_sid)
}

/// The line that a message leaves from, if one is known.
pub(super) fn line<'a>(config: &'a TwilioConfig, message: &'a Outbound) -> Option<&'a str> {
    let line = message.to.line.reveal();
    if line.is_empty() { config.from_number.as_deref() } else { Some(line) }
}

/// Sends a request with our credentials, and reads the answer to its end.
pub(super) async fn exchange(
    twilio: &Twilio,
    request: RequestBuilder,
) -> Result<Answer, SendError> {
    let request = authorized(&twilio.config, request)?;
    let mut response = request.send().await.map_err(outcome::failure)?;
    Ok(Answer {
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
    // With both, the service prefers this line among its own, so that an answer comes from the
    // number that was texted.
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

/// Our status address, with the ids that a report has to bring back.
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

/// The part of a created message that we keep.
#[derive(Deserialize)]
struct Created {
    sid: String,
}

fn created(answer: &Answer) -> Option<SentReceipt> {
    let created: Created = serde_json::from_slice(answer.body.as_deref()?).ok()?;
    (!created.sid.is_empty()).then_some(SentReceipt { provider_id: created.sid })
}

async fn body(response: &mut Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_BYTES {
            return None;
        }
    }
    Some(body)
}

/// Seconds, or a date; which is read against the answer's own, so no two clocks have to agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let value = text(RETRY_AFTER)?;
    let pause = value.parse().map(Duration::from_secs).ok().or_else(|| {
        let until = DateTime::parse_from_rfc2822(value).ok()?;
        let now = DateTime::parse_from_rfc2822(text(DATE)?).ok()?;
        (until - now).to_std().ok()
    })?;
    Some(pause.min(LONGEST_PAUSE))
}
