//! Inbound messages and delivery reports of a gateway whose fields are configured.

use sha2::{Digest, Sha256};

use super::fields::{Fields, malformed};
use super::guard::Guard;
use super::settings::{IncomingSettings, ReportSettings};
use crate::contracts::transport::callback::{CAUSE, MESSAGE, REFERENCE};
use crate::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report, WebhookRequest};
use crate::model::address::Address;
use crate::model::message::{Incoming, MessageId, Parameters};
use crate::model::phone;

/// Longest identity and longest id, in characters.
const MAX_IDENTITY: usize = 64;
const MAX_ID: usize = 128;

/// The sentence of `RapidSMS` for a request without one of the required fields.
const INVALID: &str = "form failed to validate";

/// Webhook of one gateway.
pub(super) struct Inbound {
    pub(super) transport: String,
    /// Line of messages that name none: the one that messages leave from.
    pub(super) line: Option<String>,
    pub(super) settings: IncomingSettings,
    pub(super) reports: Option<ReportSettings>,
    pub(super) guard: Guard,
}

impl Inbound {
    pub(super) fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        self.guard.check(request)?;
        let fields = Fields::read(request)?;
        self.guard.check_fields(&fields)?;
        match &self.reports {
            Some(names) if fields.one(&names.status)?.is_some() => report(names, &fields),
            _ => self.message(fields),
        }
    }

    fn message(&self, fields: Fields) -> Result<Received, ReceiveError> {
        let names = &self.settings;
        let text = fields.one(&names.text)?.or(names.allow_empty.then_some(""));
        let (Some(identity), Some(text)) = (fields.one(&names.identity)?, text) else {
            return Err(malformed(INVALID));
        };
        if fields.has_second(&names.identity) {
            let problem =
                "the call has several messages; configure the gateway to send one per call";
            return Err(malformed(problem));
        }
        if text.contains('\0') {
            return Err(malformed("the text contains a NUL character; send text"));
        }
        let line = named(&fields, names.to.as_ref())?.or(self.line.as_deref()).unwrap_or_default();
        let sender =
            Address::new(&self.transport, &checked("sender", identity)?, &checked("line", line)?);
        let id = self.id(&fields, &sender, text)?;
        let mut incoming = Incoming::without_id(sender, text);
        incoming.id = id;
        let mut known = vec![names.identity.as_str(), names.text.as_str()];
        known.extend([&names.id, &names.to].into_iter().flatten().map(String::as_str));
        known.extend(self.guard.secret_field());
        incoming.parameters = Parameters(fields.without(&known));
        Ok(Received::Message(Box::new(incoming)))
    }

    /// Id of a message: the gateway's, or a digest when it has a date, or none.
    fn id(&self, fields: &Fields, sender: &Address, text: &str) -> Result<MessageId, ReceiveError> {
        if let Some(id) = named(fields, self.settings.id.as_ref())? {
            let is_id = id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
            let id = is_id.then(|| MessageId::new(id));
            return id.ok_or_else(|| malformed("the id of the message is too long, or not ASCII"));
        }
        let Some(date) = named(fields, self.settings.date.as_ref())? else {
            return Ok(MessageId::new(""));
        };
        let mut hash = Sha256::new();
        for part in [sender.identity.reveal(), sender.line.reveal(), date, text] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        Ok(MessageId::new(hex::encode(&hash.finalize()[..16])))
    }
}

fn named<'f>(fields: &'f Fields, name: Option<&String>) -> Result<Option<&'f str>, ReceiveError> {
    name.map_or(Ok(None), |name| fields.one(name))
}

/// Sender or line. A phone number becomes E.164, so that each of its spellings is one person.
pub(super) fn checked(what: &str, identity: &str) -> Result<String, ReceiveError> {
    let printable = |it: char| it == ' ' || !(it.is_control() || it.is_whitespace());
    if identity.chars().count() <= MAX_IDENTITY && identity.chars().all(printable) {
        Ok(phone::normalize(identity))
    } else {
        Err(malformed(&format!("the {what} is not an identity; send a number or a name")))
    }
}

/// Reads a delivery report. The ids of ours come back in the query of its address.
fn report(names: &ReportSettings, fields: &Fields) -> Result<Received, ReceiveError> {
    let status = fields.one(&names.status)?.unwrap_or_default();
    let is_among = |values: &[String]| values.iter().any(|value| value == status);
    let status = if is_among(&names.delivered) {
        DeliveryStatus::Delivered
    } else if is_among(&names.failed) {
        DeliveryStatus::Failed
    } else if is_among(&names.sent) {
        DeliveryStatus::Sent
    } else {
        return Ok(Received::Nothing);
    };
    let ours = |name| fields.values(name).next().filter(|id| !id.is_empty());
    let mut report = Report::new(fields.one(&names.id)?.unwrap_or_default(), status);
    report.message = ours(MESSAGE).map(MessageId::new);
    report.cause = ours(CAUSE).map(MessageId::new);
    report.reference = ours(REFERENCE).map(str::to_owned);
    Ok(Received::Report(report))
}
