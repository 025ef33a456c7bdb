//! Messages to people with a phone and to people with a page, who see no difference in each other.

use super::settings::RouletteSettings;
use super::texts::Texts;
use crate::contracts::handler::Transaction;
use crate::model::address::Address;
use crate::model::frame::Frame;
use crate::model::mask::masked;
use crate::model::message::{Media, Text};
use crate::model::relayed::{parts, sanitized};

/// Maximum number of characters of one message at a phone's provider.
const MAX_LENGTH: usize = 1600;

/// Change of a person's state, the field `event` of a notice, so that a page need not read the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Connected,
    Waiting,
    PeerDisconnected,
    Disconnected,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Waiting => "waiting",
            Self::PeerDisconnected => "peer_disconnected",
            Self::Disconnected => "disconnected",
        }
    }
}

/// Notifies a person of an event.
pub(super) fn notify(tx: &mut Transaction, to: &Address, text: &str, event: Event) {
    tx.send_frame(to, Frame::message(text).field("event", event.name()));
}

/// Shows a page the state that its person is in, without a text.
pub(super) fn show_state(tx: &mut Transaction, to: &Address, event: Event) {
    notify(tx, to, "", event);
}

/// Returns a text of a person as the stranger may see it; nothing may be left of it.
pub(super) fn cleaned(settings: &RouletteSettings, text: &Text) -> Text {
    let text = sanitized(text.reveal(), settings.line_breaks);
    masked(&text, &settings.mask, &settings.texts.masked).into()
}

/// Sends a person a cleaned text and pictures of the stranger. A phone gets a long text in parts.
pub(super) fn relay(
    tx: &mut Transaction,
    texts: &Texts,
    to: &Address,
    text: &Text,
    media: &[Media],
) {
    if to.is_socket() {
        return relay_to_page(tx, texts, to, text, !media.is_empty());
    }
    let mut media = media.to_vec();
    for part in parts(text.reveal(), &texts.relay_prefix, MAX_LENGTH) {
        tx.send_media(to, part, std::mem::take(&mut media));
    }
}

/// Sends a page the text as a field too, without the prefix. It gets no address of a picture: that
/// lies at the provider, whose name says that the stranger has a phone.
fn relay_to_page(
    tx: &mut Transaction,
    texts: &Texts,
    to: &Address,
    text: &Text,
    has_picture: bool,
) {
    let body = text.reveal();
    let mut send = |body: &str| {
        let lines = body.split('\n').map(|line| format!("{}{line}", texts.relay_prefix));
        let frame = Frame::message(lines.collect::<Vec<_>>().join("\n"));
        tx.send_frame(to, frame.field("from", "stranger").field("body", body));
    };
    if !body.is_empty() || !has_picture {
        send(body);
    }
    if has_picture {
        send(&texts.picture);
    }
}
