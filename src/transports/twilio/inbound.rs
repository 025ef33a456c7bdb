//! Inbound messages.

use super::fields::{Fields, malformed};
use super::{MAX_MEDIA, NAME};
use crate::contracts::transport::{ReceiveError, Received};
use crate::model::address::Address;
use crate::model::message::{Incoming, Media, MessageId, OptOut, Origin, Parameters, Text};
use crate::model::phone;

/// Longest identity in characters. A number has at most 15 digits and a sender's name 11 characters;
/// channels add a prefix.
const MAX_IDENTITY: usize = 64;

/// Parameters that become fields of a message, besides those of the attachments.
const KNOWN: [&str; 10] = [
    "Body",
    "From",
    "To",
    "MessageSid",
    "FromCity",
    "FromState",
    "FromCountry",
    "FromZip",
    "NumMedia",
    "OptOutType",
];

/// Parses a message. `from_number` is the line of a request that names none.
pub(super) fn received(
    fields: Fields<'_>,
    from_number: Option<&str>,
) -> Result<Received, ReceiveError> {
    let body = fields.one("Body")?;
    let from = fields.filled("From")?;
    let to = fields.filled("To")?.or(from_number);
    let sid = fields.message_sid()?;
    let (Some(body), Some(from), Some(to), Some(sid)) = (body, from, to, sid) else {
        let required =
            [("Body", body), ("From", from), ("MessageSid", sid), ("To", to)].into_iter();
        let missing = required.filter(|(_, value)| value.is_none()).map(|(name, _)| name);
        return Err(ReceiveError::Missing(missing.collect()));
    };
    if body.contains('\0') {
        return Err(malformed("Body contains a NUL character; send text"));
    }
    let sender = Address::new(NAME, &identity("From", from)?, &identity("To", to)?);
    let media = media(&fields)?;
    let known_media = media_names(media.len());
    Ok(Received::Message(Box::new(Incoming {
        id: MessageId::new(sid),
        sender,
        text: Text::from(body),
        origin: origin(&fields)?,
        opt_out: opt_out(&fields)?,
        parameters: Parameters(fields.without(|name| {
            KNOWN.contains(&name) || known_media.iter().any(|media| media == name)
        })),
        media,
        sent_at: None,
    })))
}

/// Sender or line of a message. A phone number becomes E.164, so that each of its spellings is one
/// person; short codes, names and the identities of other channels stay as they are.
fn identity(name: &str, value: &str) -> Result<String, ReceiveError> {
    let printable = |it: char| it == ' ' || !(it.is_control() || it.is_whitespace());
    let fits = value.chars().count() <= MAX_IDENTITY && value.chars().all(printable);
    if fits && !value.trim().is_empty() {
        Ok(phone::normalize(value))
    } else {
        Err(malformed(&format!("{name}: not the identity of a sender or a line")))
    }
}

fn media(fields: &Fields<'_>) -> Result<Vec<Media>, ReceiveError> {
    let count = fields.filled("NumMedia")?.unwrap_or("0");
    if !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed("NumMedia: not a number"));
    }
    // Digits that overflow the type are far too many.
    let count = count.parse().unwrap_or(usize::MAX);
    if count > MAX_MEDIA {
        return Err(ReceiveError::TooLarge(format!("too many media; send at most {MAX_MEDIA}")));
    }
    (0..count)
        .map(|index| {
            let url = fields.filled(&format!("MediaUrl{index}"))?;
            let content_type = fields.filled(&format!("MediaContentType{index}"))?;
            let url = url.ok_or_else(|| malformed("NumMedia: larger than the number of media"))?;
            let content_type = content_type.unwrap_or("application/octet-stream");
            Ok(Media { url: url.to_owned(), content_type: content_type.to_owned() })
        })
        .collect()
}

fn media_names(count: usize) -> Vec<String> {
    (0..count)
        .flat_map(|index| [format!("MediaUrl{index}"), format!("MediaContentType{index}")])
        .collect()
}

fn origin(fields: &Fields<'_>) -> Result<Origin, ReceiveError> {
    let part = |name| Ok(fields.filled(name)?.map(str::to_owned));
    Ok(Origin {
        city: part("FromCity")?,
        state: part("FromState")?,
        country: part("FromCountry")?,
        zip: part("FromZip")?,
    })
}

fn opt_out(fields: &Fields<'_>) -> Result<Option<OptOut>, ReceiveError> {
    Ok(match fields.filled("OptOutType")?.map(str::to_ascii_uppercase).as_deref() {
        Some("STOP") => Some(OptOut::Stop),
        Some("START") => Some(OptOut::Start),
        Some("HELP") => Some(OptOut::Help),
        _ => None,
    })
}
