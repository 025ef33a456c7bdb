//! A room and the people in it, as they are stored.

use std::time::Duration;

use anyhow::Result;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::code::Code;
use super::name;
use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};
use crate::model::token::Rights;

/// Time for which a room is stored after its end, in case that the timer of its end is late.
pub(super) const MARGIN: Duration = Duration::from_hours(1);

/// Pool of the mailboxes of all rooms, by which they are counted.
const OPEN: &str = "rooms";

/// Maximum number of people of one kind who are not inside, and whom a room remembers, the latest.
const MAX_REMEMBERED: usize = 100;

/// A room, stored under its id as one value, which every text in it reads. So a text and a change of
/// the room never overlap: one of the two runs again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Room {
    pub id: String,
    pub code: Code,
    pub creator: Group,
    #[serde(with = "ts_milliseconds")]
    pub ends_at: DateTime<Utc>,
    pub extensions: u32,
    pub is_locked: bool,
    /// People in the order in which they came.
    pub people: Vec<Person>,
    pub removed: Vec<Group>,
    /// People who left while they were muted, and are muted again when they come back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub muted_away: Vec<Group>,
}

/// A person in a room, by socket or by phone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Person {
    pub group: Group,
    pub address: Address,
    /// Name in the room; a person who may only read has none.
    pub name: Option<String>,
    #[serde(flatten)]
    pub rights: Rights,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_muted: bool,
}

/// State of a person's own mailbox: the room that they are in. A person is in the list of that room,
/// unless it has ended.
#[derive(Serialize, Deserialize)]
pub(super) struct Seat {
    pub room: String,
    pub address: Address,
}

impl Person {
    /// Returns whether the lines of the room reach this person's socket.
    pub(super) fn is_subscribed(&self) -> bool {
        self.address.is_socket() && self.rights.receive
    }
}

impl Room {
    /// Returns the mailbox of the timers of a room.
    pub(super) fn mailbox(id: &str) -> Group {
        Group::named(&Self::key(id))
    }

    /// Returns the number of rooms that are open.
    pub(super) async fn count(tx: &Transaction) -> Result<u64> {
        tx.size(OPEN).await
    }

    /// Returns the room with an id, unless it has ended.
    pub(super) async fn load(tx: &mut Transaction, id: &str) -> Result<Option<Self>> {
        tx.get(&Self::key(id)).await
    }

    /// Returns the id of the room that a code opens.
    pub(super) async fn id_of(tx: &mut Transaction, code: &Code) -> Result<Option<String>> {
        tx.get(&code_key(code)).await
    }

    /// Stores the room until its end.
    pub(super) fn store(&self, tx: &mut Transaction) -> Result<()> {
        let ttl = self.remaining(tx.now()) + MARGIN;
        tx.insert(OPEN, &Self::mailbox(&self.id), ttl);
        tx.put(&Self::key(&self.id), self, ttl)?;
        tx.put(&code_key(&self.code), &self.id, ttl)
    }

    /// Removes everything that is stored of the room.
    pub(super) fn erase(&self, tx: &mut Transaction) {
        tx.take(OPEN, &Self::mailbox(&self.id));
        tx.remove(&Self::key(&self.id));
        tx.remove(&code_key(&self.code));
        tx.remove(&self.history_key());
    }

    fn key(id: &str) -> String {
        format!("room:{id}")
    }

    /// Returns the key of the texts that newcomers get to see.
    pub(super) fn history_key(&self) -> String {
        format!("history:{}", self.id)
    }

    /// Returns the time until the end.
    pub(super) fn remaining(&self, now: DateTime<Utc>) -> Duration {
        (self.ends_at - now).to_std().unwrap_or_default()
    }

    pub(super) fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ends_at <= now
    }

    pub(super) fn person(&self, group: &Group) -> Option<&Person> {
        self.people.iter().find(|person| person.group == *group)
    }

    pub(super) fn person_mut(&mut self, group: &Group) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.group == *group)
    }

    /// Returns the person with this name.
    pub(super) fn named(&self, wanted: &str) -> Option<&Person> {
        let is_called = |name: &String| name::is_same(name, wanted);
        self.people.iter().find(|person| person.name.as_ref().is_some_and(is_called))
    }

    /// Removes a person from the list.
    pub(super) fn take(&mut self, group: &Group) -> Option<Person> {
        let at = self.people.iter().position(|person| person.group == *group)?;
        let person = self.people.remove(at);
        if person.is_muted {
            remember(&mut self.muted_away, group.clone());
        }
        Some(person)
    }

    /// Returns whether a person who comes in left the room while they were muted, and forgets it.
    pub(super) fn was_muted(&mut self, group: &Group) -> bool {
        let before = self.muted_away.len();
        self.muted_away.retain(|it| it != group);
        self.muted_away.len() < before
    }

    /// Remembers that a person may not come back.
    pub(super) fn ban(&mut self, group: Group) {
        remember(&mut self.removed, group);
    }

    /// Returns the names of the people here.
    pub(super) fn here(&self) -> Vec<&str> {
        self.people.iter().filter_map(|person| person.name.as_deref()).collect()
    }

    /// Returns a name for a person that no other one in the room has.
    pub(super) fn unique_name(&self, group: &Group, wanted: Option<&str>, guest: &str) -> String {
        let others = self.people.iter().filter(|person| person.group != *group);
        let taken: Vec<&str> = others.filter_map(|person| person.name.as_deref()).collect();
        name::unique(wanted, guest, &taken)
    }

    /// Returns the names that a person may see: those of all, or their own.
    pub(super) fn names_for(&self, person: &Person) -> String {
        if person.rights.receive {
            return self.here().join(", ");
        }
        person.name.clone().unwrap_or_default()
    }

    /// Returns whether a socket gets the lines of the room.
    pub(super) fn has_sockets(&self) -> bool {
        self.people.iter().any(Person::is_subscribed)
    }

    /// Returns the addresses of the phones in the room.
    pub(super) fn phones(&self) -> impl Iterator<Item = &Address> {
        self.people.iter().map(|person| &person.address).filter(|address| !address.is_socket())
    }
}

fn remember(groups: &mut Vec<Group>, group: Group) {
    groups.push(group);
    let surplus = groups.len().saturating_sub(MAX_REMEMBERED);
    groups.drain(..surplus);
}

fn code_key(code: &Code) -> String {
    format!("code:{}", code.as_str())
}
