//! Webhooks of Telnyx: inbound messages, and the states of outbound ones.

use serde::Deserialize;

use super::signature::PublicKey;
use crate::contracts::transport::callback::{CAUSE, MESSAGE, REFERENCE};
use crate::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report, WebhookRequest};
use crate::model::address::Address;
use crate::model::message::{Incoming, Media, MessageId};
use crate::transports::http::fields::{check_size, malformed, pairs};
use crate::transports::http::inbound::checked;

/// Most attachments of a message, which is Telnyx' own limit.
const MAX_MEDIA: usize = 10;

#[derive(Deserialize)]
struct Webhook {
    data: Event,
}

#[derive(Deserialize)]
struct Event {
    event_type: String,
    payload: Payload,
}

/// Fields of a message that are used.
#[derive(Deserialize)]
struct Payload {
    id: String,
    from: Party,
    #[serde(default)]
    to: Vec<Party>,
    text: Option<String>,
    #[serde(default)]
    media: Vec<File>,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Party {
    #[serde(default)]
    phone_number: String,
    status: Option<String>,
}

#[derive(Deserialize)]
struct File {
    url: String,
    content_type: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
}

pub(super) fn receive(
    transport: &str,
    key: &PublicKey,
    request: &WebhookRequest,
) -> Result<Received, ReceiveError> {
    if request.method != "POST" {
        return Err(ReceiveError::Method("POST"));
    }
    check_size(request)?;
    if !key.has_signed(request) {
        let signed_url = format!("{}{}", request.origin, request.path());
        return Err(ReceiveError::Forged { signed_url });
    }
    let Webhook { data } = serde_json::from_slice(&request.body).map_err(|_| {
        malformed("the body is no messaging webhook of API version 2; send its JSON")
    })?;
    match data.event_type.as_str() {
        "message.received" => message(transport, data.payload),
        "message.sent" | "message.finalized" => report(&data.payload, request.query()),
        _ => Ok(Received::Nothing),
    }
}

fn message(transport: &str, payload: Payload) -> Result<Received, ReceiveError> {
    let [line, ..] = &payload.to[..] else { return Err(ReceiveError::Missing(vec!["to"])) };
    if payload.from.phone_number.is_empty() {
        return Err(ReceiveError::Missing(vec!["from"]));
    }
    if payload.media.len() > MAX_MEDIA {
        return Err(ReceiveError::TooLarge(format!("too many media; send at most {MAX_MEDIA}")));
    }
    let sender = checked("sender", &payload.from.phone_number)?;
    let sender = Address::new(transport, &sender, &checked("line", &line.phone_number)?);
    let text = payload.text.unwrap_or_default();
    if text.contains('\0') {
        return Err(malformed("the text contains a NUL character; send text"));
    }
    let mut incoming = Incoming::new(MessageId::new(payload.id), sender, text);
    let media = |File { url, content_type }| {
        Media::new(url, content_type.unwrap_or_else(|| "application/octet-stream".to_owned()))
    };
    incoming.media = payload.media.into_iter().map(media).collect();
    Ok(Received::Message(Box::new(incoming)))
}

fn report(payload: &Payload, query: &str) -> Result<Received, ReceiveError> {
    let status = payload.to.first().and_then(|to| to.status.as_deref());
    let status = match status.unwrap_or_default() {
        // Nobody knows whether an unconfirmed message has arrived.
        "sent" | "delivery_unconfirmed" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "sending_failed" | "delivery_failed" | "expired" | "cancelled" => DeliveryStatus::Failed,
        _ => return Ok(Received::Nothing),
    };
    let query = pairs(query.as_bytes())?;
    let ours = |name| {
        let found = query.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let mut report = Report::new(&payload.id, status);
    report.message = ours(MESSAGE).map(MessageId::new);
    report.cause = ours(CAUSE).map(MessageId::new);
    report.reference = ours(REFERENCE).map(str::to_owned);
    report.code = payload.errors.first().and_then(|error| error.code.parse().ok());
    Ok(Received::Report(report))
}
