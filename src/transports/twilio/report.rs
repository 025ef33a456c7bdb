//! A delivery report: Twilio calls the address that we gave with a message, at every turn it takes.

use super::fields::Fields;
use super::form;
use crate::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report};
use crate::model::message::MessageId;

/// The parameters that our status address carries, for Twilio to give back.
pub(super) const MESSAGE: &str = "message";
pub(super) const CAUSE: &str = "cause";

/// The status, if the call is about a message of ours. A message to us has one too, which says that
/// it is being received.
pub(super) fn status(fields: &Fields) -> Result<Option<&str>, ReceiveError> {
    let status = match fields.filled("MessageStatus")? {
        Some(status) => Some(status),
        None => fields.filled("SmsStatus")?,
    };
    Ok(status.filter(|status| !matches!(*status, "received" | "receiving")))
}

pub(super) fn received(
    fields: &Fields,
    status: &str,
    query: &str,
) -> Result<Received, ReceiveError> {
    let sid = fields.message_sid()?.ok_or_else(|| ReceiveError::Missing(vec!["MessageSid"]))?;
    let Some(status) = delivery_status(status) else { return Ok(Received::Nothing) };
    let ours = Fields::read(form::pairs(query.as_bytes()))?;
    let id = |name| Ok(ours.filled(name)?.map(MessageId::new));
    Ok(Received::Report(Report {
        message: id(MESSAGE)?,
        cause: id(CAUSE)?,
        provider_id: sid.to_owned(),
        status,
        code: fields
            .filled("ErrorCode")?
            .and_then(|code| code.parse().ok())
            .filter(|code| *code != 0),
    }))
}

/// A status that Twilio adds one day says nothing until somebody has read what it means.
fn delivery_status(status: &str) -> Option<DeliveryStatus> {
    Some(match status {
        "accepted" | "scheduled" | "queued" | "sending" => DeliveryStatus::Underway,
        // Of a message to several only some have it.
        "sent" | "partially_delivered" => DeliveryStatus::Sent,
        "delivered" | "read" => DeliveryStatus::Delivered,
        "undelivered" | "failed" | "canceled" => DeliveryStatus::Failed,
        _ => return None,
    })
}
