//! Messages of a room to its people: one line for all sockets, a text for each phone.

use serde_json::Value;

use super::room::Room;
use crate::contracts::handler::Transaction;
use crate::model::address::Address;
use crate::model::frame::Frame;
use crate::model::relayed::parts;

/// Maximum number of characters of one message at the provider.
const MAX_LENGTH: usize = 1600;

/// Sends a frame to every socket of the room, and its text to every phone.
pub(super) fn announce(tx: &mut Transaction, room: &Room, frame: Frame) {
    let text = frame.text.reveal().to_owned();
    to_sockets(tx, room, frame);
    for phone in room.phones() {
        send_parts(tx, phone, "", &text);
    }
}

/// Sends a frame to every socket of the room, as one message; without sockets there is none.
pub(super) fn to_sockets(tx: &mut Transaction, room: &Room, frame: Frame) {
    if room.has_sockets() {
        tx.send_to_room(&room.id, frame);
    }
}

/// Sends a text to a phone, in as many messages as it needs, with the prefix on every line.
pub(super) fn send_parts(tx: &mut Transaction, phone: &Address, prefix: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    for part in parts(text, prefix, MAX_LENGTH) {
        tx.send(phone, part);
    }
}

/// Sends a notice to one person.
pub(super) fn notify(tx: &mut Transaction, to: &Address, text: &str) {
    tell(tx, to, notice(text));
}

/// Sends a frame to one person; a phone gets its text, in parts when it is long.
pub(super) fn tell(tx: &mut Transaction, to: &Address, frame: Frame) {
    if to.is_socket() {
        tx.send_frame(to, frame);
    } else {
        send_parts(tx, to, "", frame.text.reveal());
    }
}

pub(super) fn notice(text: &str) -> Frame {
    Frame::new("notice").text(text)
}

/// Returns the value of the field `ends_at`: milliseconds since 1970.
pub(super) fn ends_at(room: &Room) -> Value {
    room.ends_at.timestamp_millis().into()
}
