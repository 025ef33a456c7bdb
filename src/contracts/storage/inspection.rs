//! Inspection: what waits, what died and what happened, page by page, and what an operator does about it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::error::StorageError;
use super::queue::{Partition, Queue};
use super::upkeep::DeadLetter;
use crate::model::address::Group;
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;

/// Position of a dead letter in its queue: two numbers joined by `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeadLetterId(String);

impl DeadLetterId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the numbers, which are greater for later letters of a queue; nothing for another text.
    pub fn place(&self) -> Option<(i64, i64)> {
        let number = |text: &str| text.parse().ok().filter(|it: &i64| *it >= 0);
        let (first, second) = self.0.split_once('-')?;
        Some((number(first)?, number(second)?))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Position of an event in the record of a partition. Only the store that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventCursor(String);

impl EventCursor {
    pub fn new(place: impl Into<String>) -> Self {
        Self(place.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// State of a group with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadState {
    Ready,
    /// In hand; the time until the lease ends.
    Leased(Duration),
    /// To be tried again; the time until then.
    Delayed(Duration),
    Suspect,
}

/// First message of a group.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    pub group: Group,
    pub id: MessageId,
    pub payload: String,
    pub state: HeadState,
    /// Claims so far, the present one included.
    pub attempts: u32,
    /// Attempts that failed.
    pub failures: u32,
    /// Messages of the group, this one included.
    pub depth: u64,
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, id, state, attempts, failures, depth, .. } = self;
        f.debug_struct("Head")
            .field("group", group)
            .field("id", id)
            .field("state", state)
            .field("attempts", attempts)
            .field("failures", failures)
            .field("depth", depth)
            .finish_non_exhaustive()
    }
}

/// Replay of a dead letter: back to the end of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    pub letter: DeadLetterId,
    /// Inbound message that waits for this outbound one again.
    pub owed: Option<MessageId>,
    pub facts: Option<Facts>,
}

/// Inspection of a store, and what an operator does about dead letters.
#[async_trait]
pub trait Inspection: Send + Sync {
    /// Returns the first messages of up to `limit` groups of each state, those in front that became ready
    /// first, whose lease or delay ends first. The cost is bounded by `limit` and the number of lines.
    async fn heads(&self, queue: &Queue, limit: usize) -> Result<Vec<Head>, StorageError>;

    /// Returns up to `limit` dead letters, the newest first, of those before `before`.
    async fn dead_letters_before(
        &self,
        queue: &Queue,
        before: Option<&DeadLetterId>,
        limit: usize,
    ) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError>;

    /// Returns the dead letters under these ids that still exist.
    async fn dead_letters_of(
        &self,
        queue: &Queue,
        ids: &[DeadLetterId],
    ) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError>;

    /// Moves dead letters back to the ends of their groups, in this order, in one step, and returns how many
    /// were moved. One that is no longer there is skipped: however often it is asked for, a letter is
    /// replayed once. Limits of depth do not count.
    async fn replay(&self, queue: &Queue, replays: &[Replay]) -> Result<u64, StorageError>;

    /// Removes dead letters, each with its facts, in one step, and returns how many were removed.
    async fn discard(
        &self,
        queue: &Queue,
        letters: &[(DeadLetterId, Option<Facts>)],
    ) -> Result<u64, StorageError>;

    /// Returns up to `limit` recorded events after `after`, oldest first. All events of one entry of the
    /// record are returned together, with its position, so there may be some more than `limit`.
    async fn events_after(
        &self,
        partition: &Partition,
        after: Option<&EventCursor>,
        limit: usize,
    ) -> Result<Vec<(EventCursor, Event)>, StorageError>;
}
