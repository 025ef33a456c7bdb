//! Texts, names and typing of the people in a room.

use anyhow::Result;
use serde_json::json;

use super::announce::{announce, notify, send_parts, to_sockets};
use super::history;
use super::room::Room;
use super::rules::Rules;
use super::timers;
use crate::contracts::handler::Transaction;
use crate::model::address::Address;
use crate::model::frame::Frame;
use crate::model::message::Inbound;
use crate::model::relayed::{LineBreaks, sanitized};
use crate::model::template::fill;

/// Sends a text to the room, through the filter: one line for all sockets, and a text for every phone
/// but the sender's.
pub(super) async fn say(
    tx: &mut Transaction,
    rules: &Rules,
    room: &Room,
    message: &Inbound,
    text: &str,
) -> Result<()> {
    let sender = &message.sender;
    let Some(name) = voice(tx, rules, room, sender) else { return Ok(()) };
    let text = rules.clean(text);
    let shown = sanitized(&text, LineBreaks::Prefix);
    if shown.is_empty() {
        if !message.media.is_empty() {
            notify(tx, sender, &rules.texts().text_only);
        }
        return Ok(());
    }
    to_sockets(tx, room, Frame::message(text.as_str()).field("from", name.as_str()));
    let prefix = fill(&rules.texts().message_prefix, &[("name", &name)]);
    for phone in room.phones().filter(|phone| *phone != sender) {
        send_parts(tx, phone, &prefix, &shown);
    }
    history::add(tx, rules, room, &name, &text).await?;
    timers::touch(tx, rules, room)
}

/// Returns the name under which the sender speaks, or tells them why they may not.
fn voice(tx: &mut Transaction, rules: &Rules, room: &Room, sender: &Address) -> Option<String> {
    let person = room.person(&tx.group())?;
    match &person.name {
        None => notify(tx, sender, &rules.texts().view_only),
        Some(_) if person.is_muted => notify(tx, sender, &rules.texts().you_are_muted),
        Some(name) => return Some(name.clone()),
    }
    None
}

/// Tells the sockets of the room that the sender is writing.
pub(super) fn typing(tx: &mut Transaction, room: &Room) {
    let Some(person) = room.person(&tx.group()) else { return };
    if let Some(name) = person.name.as_deref().filter(|_| !person.is_muted) {
        to_sockets(tx, room, Frame::new("typing").field("from", name));
    }
}

/// Sends the sender the names of the people here.
pub(super) fn who(tx: &mut Transaction, rules: &Rules, room: &Room, sender: &Address) {
    let Some(person) = room.person(&tx.group()) else { return };
    let (texts, here) = (rules.texts(), room.names_for(person));
    let time = texts.time(room.remaining(tx.now()));
    notify(tx, sender, &fill(&texts.who, &[("here", &here), ("time", &time)]));
}

/// Gives the sender another name.
pub(super) fn rename(
    tx: &mut Transaction,
    rules: &Rules,
    mut room: Room,
    sender: &Address,
    wanted: &str,
) -> Result<()> {
    let group = tx.group();
    let Some(from) = voice(tx, rules, &room, sender) else { return Ok(()) };
    let wanted = rules.clean_name(wanted);
    let to = room.unique_name(&group, wanted.as_deref(), &rules.texts().guest);
    if to == from {
        return Ok(());
    }
    if let Some(person) = room.person_mut(&group) {
        person.name = Some(to.clone());
    }
    room.store(tx)?;
    let text = fill(&rules.texts().renamed, &[("from", &from), ("to", &to)]);
    let frame = Frame::new("renamed").field("from", from).field("to", to);
    announce(tx, &room, frame.field("here", json!(room.here())).text(text));
    Ok(())
}
