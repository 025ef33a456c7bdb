//! Delivery reports, which Twilio posts to the status callback at every state of a message.

use super::fields::Fields;
use super::{codes, form};
use crate::contracts::transport::callback::{CAUSE, MESSAGE, REFERENCE};
use crate::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report};
use crate::model::message::MessageId;

/// Status of an outbound message, if the request reports one. An inbound message has a status too: that
/// it is received.
pub(super) fn status<'f>(fields: &'f Fields<'_>) -> Result<Option<&'f str>, ReceiveError> {
    let status = match fields.filled("MessageStatus")? {
        Some(status) => Some(status),
        None => fields.filled("SmsStatus")?,
    };
    Ok(status.filter(|status| !matches!(*status, "received" | "receiving")))
}

pub(super) fn received(
    fields: &Fields<'_>,
    status: &str,
    query: &str,
) -> Result<Received, ReceiveError> {
    let sid = fields.message_sid()?.ok_or_else(|| ReceiveError::Missing(vec!["MessageSid"]))?;
    let Some(status) = delivery_status(status) else { return Ok(Received::Nothing) };
    let ours = Fields::read(form::pairs(query.as_bytes()))?;
    let id = |name| Ok(ours.filled(name)?.map(MessageId::new));
    let code = fields.filled("ErrorCode")?.and_then(|code| code.parse().ok());
    let mut report = Report::new(sid, status);
    report.message = id(MESSAGE)?;
    report.cause = id(CAUSE)?;
    report.reference = ours.filled(REFERENCE)?.map(str::to_owned);
    if let Some(code) = code.filter(|code| *code != 0) {
        report.code = Some(code);
        report.meaning = Some(meaning(code));
        report.unreachable = codes::unreachable(code).filter(|_| status == DeliveryStatus::Failed);
    }
    Ok(Received::Report(report))
}

fn meaning(code: u32) -> String {
    codes::known(code).map_or_else(|| codes::explanation(code), |(_, meaning)| meaning.to_owned())
}

/// State that a status of Twilio's stands for; nothing for a status that is not known.
fn delivery_status(status: &str) -> Option<DeliveryStatus> {
    Some(match status {
        "accepted" | "scheduled" | "queued" | "sending" => DeliveryStatus::Underway,
        // Partial delivery leaves recipients without the message.
        "sent" | "partially_delivered" => DeliveryStatus::Sent,
        "delivered" | "read" => DeliveryStatus::Delivered,
        "undelivered" | "failed" | "canceled" => DeliveryStatus::Failed,
        _ => return None,
    })
}
