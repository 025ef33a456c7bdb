//! Delivery reports: the URL that is given to Kannel with a message, and the requests that it makes of
//! it.
//!
//! Kannel fills the escapes of the URL (user guide 1.4.5, "Parameters (Escape Codes)"), so that every
//! other percent sign in it has to be doubled.

use percent_encoding::percent_encode;
use secrecy::{ExposeSecret, SecretString};

use super::access::SECRET;
use super::query::{PLAIN, Query, malformed};
use crate::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report};
use crate::model::message::{MessageId, Outbound};

/// Events that are reported: all but the SMSC's intermediate ones.
pub(super) const MASK: &str = "31";

/// Parameters that Kannel returns unchanged: the outbound message, and the inbound one that it answers.
const MESSAGE: &str = "message_id";
const CAUSE: &str = "cause";

/// Parameters that Kannel fills.
const FILLED: &str = "status=%d&status_text=%A&smsc=%i&sms_id=%I&foreign_id=%F&date_sent=%t\
                      &identity=%p";

/// Longest id of ours that is taken back.
const MAX_ID: usize = 256;

/// Longest id of Kannel's or the SMSC's that is recorded.
const MAX_PROVIDER_ID: usize = 128;

/// URL for the reports about a message. `route` is the URL of the transport's status route.
pub(super) fn url(route: &str, secret: Option<&SecretString>, message: &Outbound) -> String {
    let cause = message.cause.as_ref().map(|cause| (CAUSE, cause.id.as_str()));
    let secret = secret.map(|secret| (SECRET, secret.expose_secret()));
    let ours = [Some((MESSAGE, message.id.as_str())), cause, secret].into_iter().flatten();
    let ours: Vec<String> =
        ours.map(|(name, value)| format!("{name}={}", literal(value))).collect();
    format!("{route}?{}&{FILLED}", ours.join("&"))
}

/// Value that stands in the URL as it is: escaped for the URL, and each percent sign for Kannel.
fn literal(value: &str) -> String {
    percent_encode(value.as_bytes(), PLAIN).to_string().replace('%', "%%")
}

/// Returns whether a request to this path reports on a message, and brings none.
pub(super) fn is_report(path: &str) -> bool {
    path.starts_with("/status/") || path.trim_end_matches('/').ends_with("/delivery-report")
}

pub(super) fn received(query: &Query) -> Result<Received, ReceiveError> {
    let (message, status) = (query.filled(MESSAGE)?, query.filled("status")?);
    let (Some(message), Some(status)) = (message, status) else {
        let required = [(MESSAGE, message), ("status", status)].into_iter();
        let missing = required.filter(|(_, value)| value.is_none()).map(|(name, _)| name);
        return Err(ReceiveError::Missing(missing.collect()));
    };
    let status: u32 = status.parse().map_err(|_| malformed("status: not a number; use %d"))?;
    let Some(status) = delivery_status(status) else { return Ok(Received::Nothing) };
    let message = our_id(MESSAGE, message)?;
    let provider_id = match query.filled("foreign_id")? {
        Some(id) => Some(id),
        None => query.filled("sms_id")?,
    };
    let text = query.bytes("status_text")?.unwrap_or_default();
    let is_failed = status == DeliveryStatus::Failed;
    let mut report = Report::new(provider_id.map_or_else(|| message.to_string(), cut), status);
    report.message = Some(message);
    report.cause = query.filled(CAUSE)?.map(|cause| our_id(CAUSE, cause)).transpose()?;
    report.code = is_failed.then(|| code(&String::from_utf8_lossy(text))).flatten();
    Ok(Received::Report(report))
}

/// State that a status of Kannel's stands for; nothing for one that is not known.
fn delivery_status(status: u32) -> Option<DeliveryStatus> {
    Some(match status {
        1 => DeliveryStatus::Delivered,
        // Not delivered, or refused by the SMSC.
        2 | 16 => DeliveryStatus::Failed,
        // Buffered at the SMSC, which had to accept the message for that.
        4 | 8 => DeliveryStatus::Sent,
        _ => return None,
    })
}

fn our_id(name: &str, id: &str) -> Result<MessageId, ReceiveError> {
    if id.len() <= MAX_ID && !id.chars().any(char::is_control) {
        Ok(MessageId::new(id))
    } else {
        Err(malformed(&format!("{name}: not an id of this server")))
    }
}

fn cut(id: &str) -> String {
    id.chars().filter(|it| !it.is_control()).take(MAX_PROVIDER_ID).collect()
}

/// Code of a failure. The SMSC's text may quote the message, so nothing else of it is used: `err:` of a
/// receipt (SMPP 3.4, appendix B), or the code of Kannel's own `NACK/<code>/<name>`.
fn code(text: &str) -> Option<u32> {
    let digits = |rest: &str| rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let number: String = match (text.strip_prefix("NACK/"), text.split_once("err:")) {
        (Some(rest), _) | (None, Some((_, rest))) => digits(rest),
        (None, None) => return None,
    };
    let code = match number.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    code.ok().filter(|code| *code != 0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("NACK/0x0000000b/Invalid Destination Address", Some(11))]
    #[case("NACK/404/Not Found", Some(404))]
    #[case(
        "id:77 sub:001 dlvrd:000 submit date:1 done date:2 stat:UNDELIV err:027 text:hi",
        Some(27)
    )]
    #[case("err:000", None)]
    #[case("err:", None)]
    #[case("NACK/", None)]
    #[case("NACK/0x", None)]
    #[case("NACK/99999999999/", None)]
    #[case("stat:DELIVRD", None)]
    #[case("", None)]
    fn code_of_a_failure_is_found(#[case] text: &str, #[case] expected: Option<u32>) {
        assert_eq!(code(text), expected);
    }

    #[rstest]
    #[case("/backend/kannel/delivery-report/", true)]
    #[case("/backend/kannel/delivery-report", true)]
    #[case("/status/poll", true)]
    #[case("/status/poll/kannel", true)]
    #[case("/queue/poll", false)]
    #[case("/backend/delivery-reports/", false)]
    #[case("/backend/my-delivery-report/", false)]
    #[case("/backend/kannel/", false)]
    fn path_tells_reports_from_messages(#[case] path: &str, #[case] expected: bool) {
        assert_eq!(is_report(path), expected);
    }
}
