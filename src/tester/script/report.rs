//! The wording of failures. The texts of unmet expectations are those of `RapidSMS`.

use serde_json::Value;

use super::received::{ReceivedMessage, fields};
use crate::contracts::storage::{DeadLetter, QueueKind};
use crate::model::address::Identity;
use crate::model::message::{Mail, Media, Outbound};

/// Describes an expectation that no received message meets, given the text that was sent last and
/// the received message that comes nearest.
pub(super) fn unmet_expectation(
    last: &str,
    nearest: Option<&ReceivedMessage>,
    to: &Identity,
    expected: &str,
    media: &[Media],
) -> String {
    let Some(nearest) = nearest else {
        return format!("Message was ignored.\nMessage: '{last}'\nExpecting: '{expected}'");
    };
    let received = shown(nearest, fields(expected).is_some());
    let texts = format!("Received text: {received}\nExpected text: {expected}");
    if nearest.to != *to {
        let (to, other) = (to.reveal(), nearest.to.reveal());
        return format!(
            "Expected to respond to {to}, but message was sent to {other}.\n\
             Message: '{last}'\n{texts}"
        );
    }
    let pictures = if media.is_empty() || received != expected {
        String::new()
    } else {
        format!("\nReceived media: {}\nExpected media: {}", list(&nearest.media), list(media))
    };
    format!("Message: {last}\n{texts}{pictures}")
}

/// Returns the text of a message, or all fields of a frame.
fn shown(message: &ReceivedMessage, with_fields: bool) -> String {
    let frame = message.frame().filter(|_| with_fields || !message.has_text());
    frame.map_or_else(|| message.text.clone(), |frame| Value::from(frame.clone()).to_string())
}

/// Describes a close that did not come, given the text that was sent last and another close of the
/// same socket.
pub(super) fn unmet_close(
    last: &str,
    client: &Identity,
    code: u16,
    other: Option<&ReceivedMessage>,
) -> String {
    let other = other.map(|other| format!("\n{}", close(other))).unwrap_or_default();
    format!("{} was not closed with {code}.\nMessage: '{last}'{other}", client.reveal())
}

/// Describes a received message that a strict script does not expect.
pub(super) fn unexpected_message(message: &ReceivedMessage) -> String {
    if message.close_code().is_some() {
        return format!("Unexpected close. {}", close(message));
    }
    format!("Unexpected message to {}.\nReceived text: {}", message.to.reveal(), message.text)
}

fn close(message: &ReceivedMessage) -> String {
    let code = message.close_code().map_or(0, |code| code.0);
    format!("{} was closed with {code}: {}", message.to.reveal(), message.text)
}

/// Describes a pattern that finds nothing in the newest message.
pub(super) fn not_kept(name: &str, pattern: &str, newest: Option<&ReceivedMessage>) -> String {
    let Some(newest) = newest else {
        return format!("{name} was not kept, because no message has been received.");
    };
    format!(
        "{name} was not kept, because the pattern is not in the newest message.\n\
         Message to {}: {}\nPattern: {pattern}",
        newest.to.reveal(),
        shown(newest, false)
    )
}

/// Describes a dead letter.
pub(super) fn dead_letter(kind: QueueKind, letter: &DeadLetter) -> String {
    let details = match kind {
        QueueKind::Inbound => match serde_json::from_str(&letter.payload) {
            Ok(Mail::Message(message)) => format!(
                "\nMessage: '{}'\nFrom: {}",
                message.text.reveal(),
                message.sender.identity.reveal()
            ),
            Ok(Mail::Connection(_)) => "\nA change of a connection".to_owned(),
            Ok(Mail::Wake(wake)) => format!("\nWake: {:?}", wake.name),
            Ok(Mail::Submission(_) | Mail::Cancellation(_) | Mail::Chunk(_)) | Err(_) => {
                String::new()
            }
        },
        QueueKind::Outbox => serde_json::from_str::<Outbound>(&letter.payload).map_or_else(
            |_| String::new(),
            |message| {
                let to = message.to.identity.reveal();
                format!("\nMessage: '{}'\nTo: {to}", message.text.reveal())
            },
        ),
    };
    format!("A message was moved to the dead letters: {}{details}", letter.reason)
}

fn list(media: &[Media]) -> String {
    let items: Vec<String> =
        media.iter().map(|one| format!("{} {}", one.url, one.content_type)).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
