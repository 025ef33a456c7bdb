//! The creator's rights over a room, where the topic allows them.

use anyhow::Result;
use serde_json::{Value, json};

use super::announce::{announce, ends_at, notice, notify, tell};
use super::command::Command;
use super::exit;
use super::room::Room;
use super::rules::Rules;
use super::settings::Power;
use super::timers;
use super::tokens;
use crate::contracts::handler::Transaction;
use crate::contracts::transport::socket::CloseCode;
use crate::model::address::{Address, Group};
use crate::model::frame::Frame;
use crate::model::template::fill;

/// Returns the rights of a person, as the field `allowed` has them.
pub(super) fn powers(rules: &Rules, room: &Room, group: &Group) -> Value {
    let powers: &[Power] = if room.creator == *group { &rules.settings.allow } else { &[] };
    json!(powers)
}

/// Carries out a command that needs a right of the creator. Any other command changes nothing.
pub(super) async fn obey(
    tx: &mut Transaction,
    rules: &Rules,
    room: Room,
    sender: &Address,
    command: Command,
) -> Result<()> {
    let power = match &command {
        Command::Mute(_) | Command::Unmute(_) => Power::Mute,
        Command::Remove(_) => Power::Remove,
        Command::Extend => Power::Extend,
        Command::Lock | Command::Unlock => Power::Lock,
        _ => return Ok(()),
    };
    if room.creator != tx.group() || !rules.settings.allows(power) {
        notify(tx, sender, &rules.texts().not_allowed);
        return Ok(());
    }
    match command {
        Command::Mute(name) => mute(tx, rules, room, sender, &name, true),
        Command::Unmute(name) => mute(tx, rules, room, sender, &name, false),
        Command::Remove(name) => remove(tx, rules, room, sender, &name).await,
        Command::Extend => extend(tx, rules, room, sender),
        Command::Lock => lock(tx, rules, room, true),
        _ => lock(tx, rules, room, false),
    }
}

/// Returns the group of the person with this name, other than the creator, or tells the sender that
/// there is none.
fn target(
    tx: &mut Transaction,
    rules: &Rules,
    room: &Room,
    sender: &Address,
    name: &str,
) -> Option<Group> {
    let found = room.named(name).map(|person| person.group.clone());
    let text = match &found {
        None => fill(&rules.texts().no_such_name, &[("name", &rules.clean(name))]),
        Some(group) if *group == room.creator => rules.texts().not_allowed.clone(),
        Some(_) => return found,
    };
    notify(tx, sender, &text);
    None
}

fn mute(
    tx: &mut Transaction,
    rules: &Rules,
    mut room: Room,
    sender: &Address,
    name: &str,
    is_muted: bool,
) -> Result<()> {
    let Some(group) = target(tx, rules, &room, sender, name) else { return Ok(()) };
    let Some(person) = room.person_mut(&group) else { return Ok(()) };
    person.is_muted = is_muted;
    let texts = rules.texts();
    let (to_creator, to_person) = if is_muted {
        (&texts.muted, &texts.you_are_muted)
    } else {
        (&texts.unmuted, &texts.you_are_unmuted)
    };
    notify(tx, &person.address, to_person);
    let name = person.name.as_deref().unwrap_or_default();
    notify(tx, sender, &fill(to_creator, &[("name", name)]));
    room.store(tx)
}

/// Removes a person for good: neither this session nor this phone comes back.
async fn remove(
    tx: &mut Transaction,
    rules: &Rules,
    mut room: Room,
    sender: &Address,
    name: &str,
) -> Result<()> {
    let Some(group) = target(tx, rules, &room, sender, name) else { return Ok(()) };
    room.ban(group.clone());
    let Some(person) = exit::depart(tx, rules, &mut room, &group).await? else { return Ok(()) };
    notify(tx, &person.address, &rules.texts().removed);
    if person.address.is_socket() {
        tx.close_socket(&person.address, CloseCode::NOT_ALLOWED.0, "removed from the room");
    }
    Ok(())
}

/// Moves the end of a room. Each person on a socket gets a token that lasts as long, with their own
/// rights.
fn extend(tx: &mut Transaction, rules: &Rules, mut room: Room, sender: &Address) -> Result<()> {
    if room.extensions >= rules.settings.max_extensions {
        notify(tx, sender, &rules.texts().no_extension);
        return Ok(());
    }
    room.extensions += 1;
    room.ends_at += rules.settings.extend_by;
    room.store(tx)?;
    timers::schedule(tx, rules, &room)?;
    let texts = rules.texts();
    let text = fill(&texts.extended, &[("time", &texts.time(room.remaining(tx.now())))]);
    for person in &room.people {
        let token = tokens::sign(tx, &room, person.rights);
        let frame = Frame::new("extended").field("ends_at", ends_at(&room));
        tell(tx, &person.address, frame.field("token", token.reveal()).text(text.as_str()));
    }
    Ok(())
}

fn lock(tx: &mut Transaction, rules: &Rules, mut room: Room, is_locked: bool) -> Result<()> {
    room.is_locked = is_locked;
    room.store(tx)?;
    let texts = rules.texts();
    let text = if is_locked { &texts.locked } else { &texts.unlocked };
    announce(tx, &room, notice(text).field("locked", is_locked));
    Ok(())
}
