//! Inbound messages, which Kannel's `get-url` brings.

use super::access::SECRET;
use super::charset;
use super::query::{Query, malformed};
use crate::contracts::transport::{ReceiveError, Received};
use crate::model::address::Address;
use crate::model::message::{Incoming, MessageId, Parameters};
use crate::model::phone;

/// Longest identity in characters. A number has at most 15 digits and a sender's name 11 characters.
const MAX_IDENTITY: usize = 64;

/// Longest message id. Kannel's own (`%I`) are UUIDs.
const MAX_ID: usize = 64;

/// Parameter of a message whose text may not be the one that was written: the reason.
pub(super) const TEXT_PROBLEM: &str = "text_problem";

/// Parameters that become fields of a message, and those that no caller may set.
const KNOWN: [&str; 6] = ["id", "text", "to", "message_id", SECRET, TEXT_PROBLEM];

/// Parses a message to the transport of this name. `from` is the line of a request that names none.
pub(super) fn received(query: &Query, name: &str, from: &str) -> Result<Received, ReceiveError> {
    let (id, text) = (query.filled("id")?, query.bytes("text")?);
    let (Some(id), Some(text)) = (id, text) else {
        let required = [("id", id.is_some()), ("text", text.is_some())].into_iter();
        let missing = required.filter(|(_, is_there)| !is_there).map(|(name, _)| name);
        return Err(ReceiveError::Missing(missing.collect()));
    };
    let line = query.filled("to")?.map_or(Ok(from.to_owned()), |to| identity("to", to))?;
    let sender = Address::new(name, &identity("id", id)?, &line);
    let charset = query.filled("charset")?.unwrap_or_default();
    let coding = query.filled("coding")?.unwrap_or_default();
    let decoded = charset::decode(text, charset, coding);
    let mut incoming = match query.filled("message_id")? {
        Some(id) => Incoming::new(message_id(id)?, sender, decoded.text),
        None => Incoming::without_id(sender, decoded.text),
    };
    let mut parameters = query.without(&KNOWN);
    let problem = decoded.problem.map(|it| (TEXT_PROBLEM.to_owned(), it.as_str().to_owned()));
    parameters.extend(problem);
    incoming.parameters = Parameters(parameters);
    Ok(Received::Message(Box::new(incoming)))
}

/// Sender or line of a message. A phone number becomes E.164, so that each of its spellings is one
/// person; short codes and names stay as they are.
fn identity(name: &str, value: &str) -> Result<String, ReceiveError> {
    let printable = |it: char| it == ' ' || !(it.is_control() || it.is_whitespace());
    let value = value.trim();
    let fits = value.chars().count() <= MAX_IDENTITY && value.chars().all(printable);
    if fits && !value.is_empty() {
        Ok(phone::normalize(value))
    } else {
        Err(malformed(&format!("{name}: not the number of a sender or a line")))
    }
}

fn message_id(id: &str) -> Result<MessageId, ReceiveError> {
    if id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(MessageId::new(id))
    } else {
        Err(malformed("message_id: not an id of at most 64 printable characters; use %I"))
    }
}
