//! Rooms as they are stored, declared again so that a change of the stored form fails a test.

use std::collections::BTreeMap;

use crosswire::model::address::{Address, Group};
use serde::Deserialize;

use crate::support::memory_topic::Stored;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) creator: Group,
    pub(crate) ends_at: i64,
    pub(crate) extensions: u32,
    pub(crate) is_locked: bool,
    pub(crate) people: Vec<Person>,
    pub(crate) removed: Vec<Group>,
    #[serde(default, rename = "muted_away")]
    _muted_away: Vec<Group>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Person {
    pub(crate) group: Group,
    pub(crate) address: Address,
    pub(crate) name: Option<String>,
    #[serde(rename = "s")]
    pub(crate) sends: bool,
    #[serde(rename = "r")]
    pub(crate) receives: bool,
    #[serde(default)]
    pub(crate) is_muted: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seat {
    pub(crate) room: String,
}

/// State of a topic as far as it concerns rooms.
#[derive(Clone, Debug, Default)]
pub(crate) struct House {
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) codes: BTreeMap<String, String>,
    pub(crate) histories: BTreeMap<String, String>,
    pub(crate) seats: BTreeMap<Group, Seat>,
}

impl House {
    pub(crate) fn read(stored: &Stored) -> Self {
        let mut house = Self::default();
        for (key, value) in stored.values() {
            let string = || serde_json::from_str::<String>(value).unwrap();
            match key.split_once(':') {
                Some(("room", id)) => {
                    house.rooms.insert(id.to_owned(), serde_json::from_str(value).unwrap());
                }
                Some(("code", code)) => {
                    house.codes.insert(code.to_owned(), string());
                }
                Some(("history", id)) => {
                    house.histories.insert(id.to_owned(), value.to_owned());
                }
                // Records that the handler does not write: of sessions, and of opt-outs.
                Some(("session" | "opted-out", _)) => {}
                Some(_) => panic!("{key} is stored"),
                None if key.contains('.') => {}
                None => {
                    house.seats.insert(Group::from_id(key), serde_json::from_str(value).unwrap());
                }
            }
        }
        house
    }

    pub(crate) fn room_of(&self, group: &Group) -> Option<&Room> {
        self.rooms.get(&self.seats.get(group)?.room)
    }
}
