//! Ways into a room.

use anyhow::Result;
use serde_json::{Value, json};

use super::announce::{announce, ends_at, tell};
use super::exit;
use super::history;
use super::moderation;
use super::room::{MARGIN, Person, Room, Seat};
use super::rules::Rules;
use super::timers;
use crate::contracts::handler::Transaction;
use crate::contracts::transport::socket::CloseCode;
use crate::model::address::{Address, Group};
use crate::model::frame::Frame;
use crate::model::template::fill;
use crate::model::token::Rights;

/// Person who asks to enter a room.
pub(super) struct Visitor {
    pub group: Group,
    pub address: Address,
    pub rights: Rights,
    /// Name that they wish for, as they wrote it.
    pub wanted: Option<String>,
}

/// Reason for which a person does not get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Unknown,
    Ended,
    Locked,
    Full,
    Removed,
    NoRights,
}

impl Refusal {
    /// Returns the close code of a socket, and its reason.
    pub(super) fn close(self) -> (u16, &'static str) {
        match self {
            Self::Unknown => (CloseCode::NO_SUCH_ROOM.0, "there is no such room"),
            Self::Ended => (CloseCode::ROOM_ENDED.0, "the room has ended"),
            Self::Locked => (CloseCode::ROOM_LOCKED.0, "the room is locked"),
            Self::Full => (CloseCode::TOO_MANY.0, "the room is full"),
            Self::Removed => (CloseCode::NOT_ALLOWED.0, "removed from the room"),
            Self::NoRights => (CloseCode::NOT_ALLOWED.0, "the token gives no rights"),
        }
    }

    pub(super) fn text(self, rules: &Rules) -> &str {
        let texts = rules.texts();
        match self {
            Self::Unknown => &texts.no_such_room,
            Self::Ended => &texts.room_ended,
            Self::Locked => &texts.room_locked,
            Self::Full => &texts.room_full,
            Self::Removed => &texts.removed,
            Self::NoRights => &texts.view_only,
        }
    }
}

/// Lets a person into a room, out of the one where they were. A person who is inside already
/// gets the state of the room again.
pub(super) async fn enter(
    tx: &mut Transaction,
    rules: &Rules,
    id: &str,
    visitor: Visitor,
) -> Result<Result<(), Refusal>> {
    let Some(mut room) = Room::load(tx, id).await? else { return Ok(Err(Refusal::Ended)) };
    if room.is_over(tx.now()) {
        return Ok(Err(Refusal::Ended));
    }
    let known = room.person(&visitor.group);
    if known.is_some_and(|person| person.rights == visitor.rights) {
        greet(tx, rules, &room, &visitor.group).await?;
        return Ok(Ok(()));
    }
    if known.is_none()
        && let Err(refusal) = check(rules, &room, &visitor)
    {
        return Ok(Err(refusal));
    }
    exit::leave(tx, rules).await?;
    // Leaving may have changed this very room.
    room = Room::load(tx, id).await?.unwrap_or(room);
    let group = visitor.group.clone();
    admit(tx, rules, &mut room, visitor).await?;
    greet(tx, rules, &room, &group).await?;
    Ok(Ok(()))
}

fn check(rules: &Rules, room: &Room, visitor: &Visitor) -> Result<(), Refusal> {
    if room.removed.contains(&visitor.group) {
        return Err(Refusal::Removed);
    }
    if !visitor.rights.send && !visitor.rights.receive {
        return Err(Refusal::NoRights);
    }
    if room.is_locked && room.creator != visitor.group {
        return Err(Refusal::Locked);
    }
    if room.people.len() >= rules.settings.capacity {
        return Err(Refusal::Full);
    }
    Ok(())
}

/// Adds a person to the list of a room, and tells the others.
pub(super) async fn admit(
    tx: &mut Transaction,
    rules: &Rules,
    room: &mut Room,
    visitor: Visitor,
) -> Result<()> {
    let Visitor { group, address, rights, wanted } = visitor;
    let wanted = wanted.and_then(|wanted| rules.clean_name(&wanted));
    let guest = &rules.texts().guest;
    let name = rights.send.then(|| room.unique_name(&group, wanted.as_deref(), guest));
    let is_muted = room.was_muted(&group);
    let person = Person { group, address, name: name.clone(), rights, is_muted };
    if let Some(name) = &name {
        let text = fill(&rules.texts().joined, &[("name", name)]);
        let here: Vec<&str> = room.here().into_iter().chain([name.as_str()]).collect();
        let frame = Frame::new("joined").field("name", name.as_str()).field("here", json!(here));
        announce(tx, room, frame.text(text));
    }
    // The newcomer gets the lines after this one, so not `joined` of their own.
    if person.is_subscribed() {
        tx.subscribe(&person.address, &room.id).await?;
    }
    let seat = Seat { room: room.id.clone(), address: person.address.clone() };
    tx.put(person.group.as_str(), &seat, rules.settings.longest() + MARGIN)?;
    room.people.push(person);
    room.store(tx)?;
    timers::touch(tx, rules, room)
}

/// Sends a person the state of their room.
pub(super) async fn greet(
    tx: &mut Transaction,
    rules: &Rules,
    room: &Room,
    group: &Group,
) -> Result<()> {
    let Some(person) = room.person(group) else { return Ok(()) };
    let (texts, here) = (rules.texts(), room.names_for(person));
    let time = texts.time(room.remaining(tx.now()));
    let mut frame = Frame::new("room")
        .field("ends_at", ends_at(room))
        .field("locked", room.is_locked)
        .field("creator", room.creator == *group)
        .field("allowed", moderation::powers(rules, room, group));
    if let Some(name) = &person.name {
        let values = [("name", name.as_str()), ("here", here.as_str()), ("time", &time)];
        frame = frame.field("name", name.as_str()).field("code", room.code.as_str());
        frame = frame.text(fill(&texts.welcome, &values));
    }
    if person.rights.receive {
        let history: Value = json!(history::read(tx, rules, room).await?);
        frame = frame.field("here", json!(room.here())).field("history", history);
    }
    tell(tx, &person.address, frame);
    Ok(())
}
