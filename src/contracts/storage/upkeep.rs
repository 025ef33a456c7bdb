//! Upkeep: depths, audits, retention, health.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::clock::{Earlier, Reading};
use super::error::StorageError;
use super::queue::{Partition, Queue};
use super::safety::{FailedCheck, SafetyCheck};
use crate::model::address::Group;
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// Buried message.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub group: Group,
    pub id: MessageId,
    pub payload: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("group", &self.group)
            .field("id", &self.id)
            .field("reason", &self.reason)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Number of messages, groups and wakes of a queue, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Depth {
    /// Messages in all groups together.
    pub pending: u64,
    /// Groups that can be claimed.
    pub ready: u64,
    pub leased: u64,
    pub delayed: u64,
    pub suspect: u64,
    /// Wakes that are not due.
    pub scheduled: u64,
    pub dead: u64,
}

/// Result of an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub groups: u64,
    /// Groups with messages that stood in no list, and were made ready.
    pub mended: u64,
}

/// Retention of what a trim removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub events: Duration,
    pub dead_letters: Duration,
}

/// Health of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Promises that are not kept as configured, each with its fix.
    pub degraded: Vec<String>,
    /// Safety checks that failed: messages may be lost on this store.
    pub fatal: Vec<FailedCheck>,
}

impl Health {
    /// Returns the failed checks that were not waived.
    pub fn blocking<'a>(
        &'a self,
        waived: &'a [SafetyCheck],
    ) -> impl Iterator<Item = &'a FailedCheck> {
        self.fatal.iter().filter(|failed| !waived.contains(&failed.check))
    }
}

/// Upkeep of a store.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Returns the number of messages, groups and wakes of a queue.
    async fn depth(&self, queue: &Queue) -> Result<Depth, StorageError>;

    /// Finds groups that have messages but stand in no list, and makes them ready. A call within
    /// `every` of the last audit does nothing.
    async fn audit(&self, queue: &Queue, every: Duration) -> Result<Option<Audit>, StorageError>;

    /// Removes what has exceeded its retention. A call within `every` of the last trim does nothing.
    async fn trim(
        &self,
        partition: &Partition,
        retention: Retention,
        every: Duration,
    ) -> Result<(), StorageError>;

    /// Takes the turn to do some periodic work. Returns false when it was taken within `every`, by
    /// whichever process.
    async fn take_turn(
        &self,
        partition: &Partition,
        work: &str,
        every: Duration,
    ) -> Result<bool, StorageError>;

    /// Returns the partition count that the store remembers for a topic. Remembers `count` when it
    /// knows none.
    async fn remember_partitions(&self, topic: &TopicName, count: u16)
    -> Result<u16, StorageError>;

    /// Returns the partition count that the store remembers for a topic, and changes nothing.
    async fn known_partitions(&self, topic: &TopicName) -> Result<Option<u16>, StorageError>;

    /// Replaces the partition count that the store remembers for a topic.
    async fn change_partitions(&self, topic: &TopicName, count: u16) -> Result<(), StorageError>;

    /// Returns the time by the store's clock.
    async fn time(&self) -> Result<DateTime<Utc>, StorageError>;

    /// Compares the store's clock with an earlier reading of it. When it was stepped since, leases, retries
    /// and pauses of the partition are moved along, once for each step; wakes keep their times of the calendar.
    async fn keep_time(
        &self,
        partition: &Partition,
        earlier: Option<Earlier>,
    ) -> Result<Reading, StorageError>;

    /// Checks that the store is reachable and keeps its promises.
    async fn health(&self) -> Result<Health, StorageError>;
}
