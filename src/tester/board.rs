//! The board: a message log in the store, shared by all processes of a deployment.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entry::{BoardEntry, DeliveryState};
use super::fault::{Fault, InjectedFault};
use crate::contracts::storage::{FeedCursor, FeedLimits, Marks, Storage, StorageError};
use crate::model::address::Identity;
use crate::model::clock::Clock;
use crate::model::message::MessageId;

/// Feed of the board's entries.
const ENTRIES: &str = "tester";
/// Feed of the injected faults alone, which are read for every send.
const FAULTS: &str = "tester-faults";
/// Maximum number of entries: about five hundred messages in and out, in all of their states.
const MAX_ENTRIES: FeedLimits = FeedLimits::lines(2_000);
/// Maximum number of faults, more than a person injects by hand.
const MAX_FAULTS: FeedLimits = FeedLimits::lines(200);

/// The shared log of the tester's messages and faults.
pub struct Board {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

impl Board {
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock }
    }

    /// Time for the date of a new entry.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Appends an entry.
    pub async fn append(&self, entry: &BoardEntry) -> Result<(), StorageError> {
        self.storage.publish(ENTRIES, &to_json(entry), MAX_ENTRIES).await.map(drop)
    }

    /// Reads the entries behind `after`, oldest first. While there are none, waits for one, at most
    /// for `patience`.
    pub async fn read(
        &self,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<(FeedCursor, BoardEntry)>, StorageError> {
        self.follow(ENTRIES, after, patience).await
    }

    /// Injects a fault, and appends it to the entries as well, so that the log explains its
    /// effects.
    pub async fn inject(&self, injected: &InjectedFault) -> Result<(), StorageError> {
        let entry = BoardEntry::Fault { injected: injected.clone(), at: self.now() };
        self.append(&entry).await?;
        self.storage.publish(FAULTS, &to_json(injected), MAX_FAULTS).await.map(drop)
    }

    /// Reads the faults behind `after`, in the way of [`Board::read`].
    pub async fn faults(
        &self,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<(FeedCursor, InjectedFault)>, StorageError> {
        self.follow(FAULTS, after, patience).await
    }

    /// Erases the entries about a person. Returns their number.
    pub async fn forget(&self, marks: &Marks) -> Result<usize, StorageError> {
        let mut erased = 0;
        for feed in [ENTRIES, FAULTS] {
            let mut after: Option<FeedCursor> = None;
            loop {
                let lines = self.storage.follow(feed, after.as_ref(), Duration::ZERO).await?;
                let Some(last) = lines.last() else { break };
                after = Some(last.place.clone());
                for line in lines.iter().filter(|line| marks.text(&line.text)) {
                    self.storage.erase_line(feed, &line.place).await?;
                    erased += 1;
                }
            }
        }
        Ok(erased)
    }

    /// The fault that applies to messages for a number: its own, or the one for all numbers.
    pub(super) async fn fault_for(&self, number: &Identity) -> Result<Fault, StorageError> {
        let injected = self.faults(None, Duration::ZERO).await?;
        let last_of = |number: Option<&Identity>| {
            let last = injected.iter().rev().find(|(_, one)| one.number.as_ref() == number);
            last.map_or(Fault::None, |(_, one)| one.fault)
        };
        let own = last_of(Some(number));
        Ok(if own == Fault::None { last_of(None) } else { own })
    }

    /// Reports an outgoing message as accepted when the board holds it as sent or delivered.
    pub(super) async fn has_accepted(&self, message: &MessageId) -> Result<bool, StorageError> {
        let is_accepted = |entry: &BoardEntry| match entry {
            BoardEntry::Out(out) => {
                let state = out.state;
                out.id == *message
                    && matches!(state, DeliveryState::Sent | DeliveryState::Delivered)
            }
            _ => false,
        };
        let entries = self.read(None, Duration::ZERO).await?;
        Ok(entries.iter().any(|(_, entry)| is_accepted(entry)))
    }

    async fn follow<T: DeserializeOwned>(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<(FeedCursor, T)>, StorageError> {
        let lines = self.storage.follow(feed, after, patience).await?;
        // Entries of another version are skipped: the log is for people to read.
        let parsed = lines
            .into_iter()
            .filter_map(|line| Some((line.place, serde_json::from_str(&line.text).ok()?)));
        Ok(parsed.collect())
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("all keys are strings")
}
