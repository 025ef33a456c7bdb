//! Client of Twilio's REST API: sending a message, and the exchange that listing shares with it.

use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::outcome;
use super::{MAX_MEDIA, Twilio, TwilioConfig};
use crate::contracts::transport::callback::callback_url;
use crate::contracts::transport::{SendError, SentReceipt};
use crate::http_client::{self, Response};
use crate::model::message::Outbound;

/// Largest response that is read. A page of the message list has about 200 kB.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

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
    account_path(config, "Messages.json")
}

/// Path of a resource of the account.
pub(super) fn account_path(config: &TwilioConfig, resource: &str) -> String {
    format!("/2010-04-01/Accounts/{}/{resource}", config.account_sid)
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
) -> Result<Response, SendError> {
    let request = authorized(&twilio.config, request)?;
    let response = request.send().await.map_err(http_client::failure)?;
    Ok(Response::read(response, MAX_RESPONSE_BYTES).await)
}

pub(super) fn authorized(
    config: &TwilioConfig,
    request: RequestBuilder,
) -> Result<RequestBuilder, SendError> {
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
    if message.media.len() > MAX_MEDIA {
        let reason = format!("too many media; send at most {MAX_MEDIA}");
        return Err(SendError::Message { code: 21623, reason });
    }
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
    let text = twilio.text(message);
    if !text.is_empty() || message.media.is_empty() {
        parameters.push(("Body", text.into_owned()));
    }
    parameters.extend(message.media.iter().map(|media| ("MediaUrl", media.url.clone())));
    parameters.extend(status_callback(twilio, message).map(|url| ("StatusCallback", url)));
    let validity = config.options.validity_period;
    parameters.extend(validity.map(|period| ("ValidityPeriod", period.as_secs().to_string())));
    Ok(parameters)
}

/// URL of the status callback, with the ids that a delivery report returns.
fn status_callback(twilio: &Twilio, message: &Outbound) -> Option<String> {
    twilio.status_callback.clone().map(|url| callback_url(url, message))
}

/// Response to a created message, without the fields that are not used.
#[derive(Deserialize)]
struct Created {
    sid: String,
}

fn created(response: &Response) -> Option<SentReceipt> {
    let created: Created = serde_json::from_slice(response.body.as_deref()?).ok()?;
    (!created.sid.is_empty()).then(|| SentReceipt::new(created.sid))
}
