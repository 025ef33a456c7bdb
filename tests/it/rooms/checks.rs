//! Checks of a commit: who may come in, and who gets what.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use crosswire::model::address::Address;
use crosswire::model::message::Mail;

use super::scenario::{is_phone, name_of};
use super::sockets::Delivery;
use super::stored::{House, Person, Room};
use crate::support::memory_topic::Completed;

/// Checks that only its creator came into a locked room, and that no end came nearer.
pub(super) fn check_changes(before: &House, after: &House) {
    for (id, room) in &after.rooms {
        let Some(earlier) = before.rooms.get(id) else { continue };
        assert!(room.ends_at >= earlier.ends_at);
        let was_inside =
            |person: &Person| earlier.people.iter().any(|one| one.group == person.group);
        let newcomer = room.people.iter().find(|person| !was_inside(person));
        let is_allowed = |person: &Person| !earlier.is_locked || person.group == room.creator;
        assert!(newcomer.is_none_or(is_allowed), "a person came into a locked room");
    }
}

/// Checks that a commit sent to no person outside of the room, and a text to each inside once.
pub(super) fn check_deliveries(
    (before, after): (&House, &House),
    now: DateTime<Utc>,
    done: &Completed,
    delivered: &[Delivery],
) {
    let own = match &done.mail {
        Mail::Message(message) => Some(&message.sender),
        Mail::Connection(change) => Some(change.address()),
        _ => None,
    };
    let own = own.map(|address| address.identity.reveal().to_owned());
    let rooms = before.rooms.values().chain(after.rooms.values());
    let people: BTreeSet<String> = rooms.flat_map(|room| &room.people).map(name_of).collect();
    for delivery in delivered {
        let is_known = people.contains(&delivery.to) || own.as_ref() == Some(&delivery.to);
        assert!(is_known, "{} is in no room: {}", delivery.to, delivery.shown);
    }
    let Mail::Message(message) = &done.mail else { return };
    let Some(room) = before.room_of(&done.group) else { return };
    let is_muted =
        |person: &Person| person.group == done.group && (person.is_muted || !person.sends);
    let is_over = room.ends_at <= now.timestamp_millis();
    if message.text.reveal() != "hello" || is_over || room.people.iter().any(is_muted) {
        return;
    }
    check_spread(room, done, &message.sender, delivered);
}

/// Checks that a text reached every phone but the sender's, and every socket by one line.
fn check_spread(room: &Room, done: &Completed, sender: &Address, delivered: &[Delivery]) {
    let phones = room.people.iter().filter(|person| !person.address.is_socket());
    let mut expected: Vec<String> =
        phones.filter(|person| person.address != *sender).map(name_of).collect();
    let listens = room.people.iter().any(|person| person.address.is_socket() && person.receives);
    let lines = done.effects.sends.iter().filter(|message| message.to.is_socket()).count();
    let mut texted: Vec<String> =
        delivered.iter().map(|delivery| delivery.to.clone()).filter(|to| is_phone(to)).collect();
    expected.sort();
    texted.sort();
    assert_eq!((texted, lines), (expected, usize::from(listens)));
}
