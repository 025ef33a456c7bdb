//! The log that all phones of a deployment share, whichever process they talk to.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::{Injected, Trouble};
use super::record::{Record, State};
use crate::contracts::storage::{FeedCursor, Storage, StorageError};
use crate::model::address::Identity;
use crate::model::clock::Clock;
use crate::model::message::MessageId;

const RECORDS: &str = "tester";
const TROUBLES: &str = "tester-troubles";
/// About five hundred messages in and out, in every state they went through.
const KEPT_RECORDS: u64 = 2_000;
/// More than anybody injects by hand and has not forgotten.
const KEPT_TROUBLES: u64 = 200;

pub struct Board {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

impl Board {
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub async fn add(&self, record: &Record) -> Result<(), StorageError> {
        self.storage.publish(RECORDS, &line(record), KEPT_RECORDS).await
    }

    /// What was added behind `after`, oldest first. When there is nothing yet, waits for it, at most
    /// for `patience`.
    pub async fn read(
        &self,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<(FeedCursor, Record)>, StorageError> {
        self.parsed(RECORDS, after, patience).await
    }

    /// From now on; and on the board, so that it is known what came of it.
    pub async fn inject(&self, injected: &Injected) -> Result<(), StorageError> {
        let record = Record::Trouble { injected: injected.clone(), at: self.now() };
        self.add(&record).await?;
        self.storage.publish(TROUBLES, &line(injected), KEPT_TROUBLES).await
    }

    /// What was injected behind `after`, as [`Board::read`] reads.
    pub async fn injected(
        &self,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<(FeedCursor, Injected)>, StorageError> {
        self.parsed(TROUBLES, after, patience).await
    }

    /// What a message to this number has to expect.
    pub(super) async fn trouble_of(&self, number: &Identity) -> Result<Trouble, StorageError> {
        let injected = self.injected(None, Duration::ZERO).await?;
        let last_for = |whose: Option<&Identity>| {
            let of_it = injected.iter().rev().find(|(_, one)| one.number.as_ref() == whose);
            of_it.map_or(Trouble::None, |(_, one)| one.trouble)
        };
        let own = last_for(Some(number));
        Ok(if own == Trouble::None { last_for(None) } else { own })
    }

    /// Whether this message of ours was taken already.
    pub(super) async fn has_taken(&self, message: &MessageId) -> Result<bool, StorageError> {
        let taken = |record: &Record| match record {
            Record::Out(said) => {
                said.id == *message && matches!(said.state, State::Sent | State::Delivered)
            }
            _ => false,
        };
        let all = self.read(None, Duration::ZERO).await?;
        Ok(all.iter().any(|(_, record)| taken(record)))
    }

    async fn parsed<T: DeserializeOwned>(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<(FeedCursor, T)>, StorageError> {
        let lines = self.storage.follow(feed, after, patience).await?;
        // What another version wrote is left out: it is a log for people to look at.
        let parsed = lines
            .into_iter()
            .filter_map(|line| Some((line.place, serde_json::from_str(&line.text).ok()?)));
        Ok(parsed.collect())
    }
}

fn line(of: &impl Serialize) -> String {
    serde_json::to_string(of).expect("it is strings throughout")
}
