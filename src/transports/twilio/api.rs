//! Client of Twilio's REST API: sending a message, and the exchange that listing shares with it.

use form_urlencoded::Serializer;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Request, RequestBuilder};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::outcome;
use super::{MAX_MEDIA, Twilio, TwilioConfig};
use crate::contracts::transport::{SendError, SentReceipt};
use crate::http_client::{self, Response};
use crate::model::message::Outbound;

/// Largest response that is read. A page of the message list has about 200 kB.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";
/// Room for the form of most messages.
const FORM_BYTES: usize = 1024;

pub(super) async fn send(twilio: &Twilio, message: &Outbound) -> Result<SentReceipt, SendError> {
    let form = form(twilio, message)?;
    let sending = twilio.sending.as_ref().ok_or_else(no_credentials)?;
    let mut request = sending.try_clone().expect("a request without a body can be cloned");
    *request.body_mut() = Some(form.into());
    let response = answered(twilio, twilio.http.execute(request).await).await?;
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

/// Beginning of every send: the address, the credentials and the type of the body, which is still missing.
/// None without credentials.
pub(super) fn sending(
    http: &reqwest::Client,
    config: &TwilioConfig,
) -> reqwest::Result<Option<Request>> {
    let request = http.post(messages_url(config)).header(CONTENT_TYPE, FORM);
    authorized(config, request).ok().map(RequestBuilder::build).transpose()
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
    answered(twilio, authorized(&twilio.config, request)?.send().await).await
}

async fn answered(
    twilio: &Twilio,
    response: reqwest::Result<reqwest::Response>,
) -> Result<Response, SendError> {
    let response = response.map_err(http_client::failure)?;
    let response = Response::read(response, MAX_RESPONSE_BYTES).await;
    if let Some(date) = response.date {
        twilio.provider_clock.compare(date);
    }
    Ok(response)
}

pub(super) fn authorized(
    config: &TwilioConfig,
    request: RequestBuilder,
) -> Result<RequestBuilder, SendError> {
    let key = config.api_key.as_ref().zip(config.api_secret.as_ref());
    let token = config.auth_token.as_ref().map(|token| (&config.account_sid, token));
    let (user, secret) = key.or(token).ok_or_else(no_credentials)?;
    Ok(request.basic_auth(user, Some(secret.expose_secret())))
}

fn no_credentials() -> SendError {
    let reason = "no credentials; set an auth token, or an API key with its secret".to_owned();
    SendError::Account { code: 20003, reason }
}

/// Form of a message.
fn form(twilio: &Twilio, message: &Outbound) -> Result<String, SendError> {
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
    let mut form = Serializer::new(String::with_capacity(FORM_BYTES));
    form.append_pair("To", message.to.identity.reveal());
    // With both, the service prefers this line among its own, so that a reply leaves from the number
    // that the sender texted.
    form.extend_pairs(line.map(|line| ("From", line)));
    form.extend_pairs(service.map(|service| ("MessagingServiceSid", service)));
    let text = twilio.text(message);
    if !text.is_empty() || message.media.is_empty() {
        form.append_pair("Body", &text);
    }
    form.extend_pairs(message.media.iter().map(|media| ("MediaUrl", &media.url)));
    // It has the ids that a delivery report returns.
    let callback = twilio.status_callback.as_ref();
    form.extend_pairs(callback.map(|callback| ("StatusCallback", callback.of(message))));
    let validity = config.options.validity_period;
    form.extend_pairs(validity.map(|period| ("ValidityPeriod", period.as_secs().to_string())));
    Ok(form.finish())
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
