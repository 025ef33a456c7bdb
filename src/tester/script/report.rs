//! The wording of failures. The texts of unmet expectations are those of `RapidSMS`.

use super::received::ReceivedMessage;
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
    let Some(ReceivedMessage { to: other, text: received, media: with }) = nearest else {
        return format!("Message was ignored.\nMessage: '{last}'\nExpecting: '{expected}'");
    };
    let texts = format!("Received text: {received}\nExpected text: {expected}");
    if other != to {
        let (to, other) = (to.reveal(), other.reveal());
        return format!(
            "Expected to respond to {to}, but message was sent to {other}.\n\
             Message: '{last}'\n{texts}"
        );
    }
    let pictures = if media.is_empty() || received != expected {
        String::new()
    } else {
        format!("\nReceived media: {}\nExpected media: {}", list(with), list(media))
    };
    format!("Message: {last}\n{texts}{pictures}")
}

/// Describes a received message that a strict script does not expect.
pub(super) fn unexpected_message(message: &ReceivedMessage) -> String {
    format!("Unexpected message to {}.\nReceived text: {}", message.to.reveal(), message.text)
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
            Err(_) => String::new(),
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
