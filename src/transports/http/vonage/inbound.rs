//! Webhooks of Vonage: inbound messages, and the states of outbound ones.

use secrecy::SecretString;
use serde::Deserialize;

use super::token;
use crate::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report, WebhookRequest};
use crate::model::address::Address;
use crate::model::message::{Incoming, Media, MessageId};
use crate::transports::http::auth::scheme;
use crate::transports::http::fields::{check_size, malformed};
use crate::transports::http::inbound::checked;

/// Fields of both webhooks that are used.
#[derive(Deserialize)]
struct Webhook {
    message_uuid: String,
    from: Option<String>,
    to: Option<String>,
    text: Option<String>,
    image: Option<File>,
    status: Option<String>,
    client_ref: Option<String>,
    error: Option<Problem>,
}

#[derive(Deserialize)]
struct File {
    url: String,
    caption: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    /// Code of the error, as text.
    title: Option<serde_json::Value>,
}

pub(super) fn receive(
    transport: &str,
    secret: &SecretString,
    request: &WebhookRequest,
) -> Result<Received, ReceiveError> {
    if request.method != "POST" {
        return Err(ReceiveError::Method("POST"));
    }
    check_size(request)?;
    let token = scheme(request.header("authorization").unwrap_or_default(), "bearer");
    let is_genuine = token
        .is_some_and(|token| token::is_genuine(secret, token, &request.body, request.received_at));
    if !is_genuine {
        let signed_url = format!("{}{}", request.origin, request.path());
        return Err(ReceiveError::Forged { signed_url });
    }
    let webhook: Webhook = serde_json::from_slice(&request.body)
        .map_err(|_| malformed("the body is no webhook of the Messages API; send its JSON"))?;
    if webhook.status.is_some() {
        Ok(report(transport, &webhook))
    } else {
        message(transport, webhook)
    }
}

fn message(transport: &str, webhook: Webhook) -> Result<Received, ReceiveError> {
    let filled = |field: &Option<String>| field.clone().filter(|value| !value.trim().is_empty());
    let (Some(from), Some(to)) = (filled(&webhook.from), filled(&webhook.to)) else {
        return Err(ReceiveError::Missing(vec!["from", "to"]));
    };
    let sender = Address::new(transport, &checked("sender", &from)?, &checked("line", &to)?);
    let caption = webhook.image.as_ref().and_then(|image| image.caption.clone());
    let text = webhook.text.or(caption).unwrap_or_default();
    if text.contains('\0') {
        return Err(malformed("the text contains a NUL character; send text"));
    }
    let mut incoming = Incoming::new(MessageId::new(webhook.message_uuid), sender, text);
    // The type of the picture is not told.
    incoming.media.extend(webhook.image.map(|image| Media::new(image.url, "image/*")));
    Ok(Received::Message(Box::new(incoming)))
}

/// Reads a state. The ids of ours come back in `client_ref`.
fn report(transport: &str, webhook: &Webhook) -> Received {
    let status = match webhook.status.as_deref() {
        Some("submitted") => DeliveryStatus::Sent,
        Some("delivered" | "read") => DeliveryStatus::Delivered,
        Some("rejected" | "undeliverable") => DeliveryStatus::Failed,
        _ => return Received::Nothing,
    };
    let mut report = Report::new(&webhook.message_uuid, status);
    let ours = webhook.client_ref.as_deref().unwrap_or_default();
    let (message, cause) = ours.split_once(',').unwrap_or((ours, ""));
    report.message = (!message.is_empty()).then(|| MessageId::new(message));
    let own = if cause.starts_with(':') { transport } else { "" };
    report.cause = (!cause.is_empty()).then(|| MessageId::new(format!("{own}{cause}")));
    report.code = webhook.error.as_ref().and_then(|error| code(error.title.as_ref()?));
    Received::Report(report)
}

fn code(title: &serde_json::Value) -> Option<u32> {
    title.as_str().map_or_else(|| title.to_string(), str::to_owned).parse().ok()
}
