//! Pushes: accepted messages, and what the store looks at before it takes them.

use std::time::Duration;

use super::queue::Entry;
use crate::model::event::{Detail, Facts};
use crate::model::message::MessageId;
use crate::model::state::Write;
use crate::model::topic::Limits;

/// Accepted message, and everything that is stored with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub entry: Entry,
    /// Puts the entry into the queue. Without it the message is only known and recorded, and the limits
    /// of depth do not apply.
    pub is_queued: bool,
    /// Remembers the message when the sender's mailbox is full, so that no repetition of it comes out of its
    /// order. A message whose sender is told to send it again is not remembered.
    pub is_dropped_for_good: bool,
    /// Further ids under which the message may have been accepted before. They are not remembered.
    pub aliases: Vec<MessageId>,
    /// Keys of state, each of which bars the message when it has a value.
    pub marks: Vec<String>,
    pub rate: Option<SenderRate>,
    /// Writes that take effect together with the push, and also when the sender's mailbox is full.
    pub writes: Vec<Write>,
    /// Messages put into the outbox in the same step.
    pub outbox: Vec<Entry>,
    /// Message put into the outbox in the same step, unless it was of late.
    pub once: Option<Once>,
    pub facts: Facts,
    /// Messages that may wait in the partition, inbound and outbound together, as in
    /// [`Limits`](crate::model::topic::Limits).
    pub max_depth: u64,
    /// Messages that may wait in the group.
    pub max_group_depth: u64,
    /// Messages that may wait in the group while the partition is at least three quarters full, so that
    /// one sender cannot fill it for all others.
    pub max_crowded_depth: u64,
}

impl Push {
    /// Creates the push of an entry alone, of which nothing is recorded.
    pub fn unrecorded(entry: Entry, limits: &Limits) -> Self {
        Self {
            max_depth: limits.max_depth,
            max_group_depth: limits.max_group_depth,
            ..Self::unlimited(entry, limits.max_records)
        }
    }

    /// Creates the same that is queued however many messages wait.
    pub fn unlimited(entry: Entry, max_records: u64) -> Self {
        Self {
            facts: Facts::new(entry.id.clone(), &[], Detail::default(), max_records),
            entry,
            is_queued: true,
            is_dropped_for_good: false,
            aliases: Vec::new(),
            marks: Vec::new(),
            rate: None,
            writes: Vec::new(),
            outbox: Vec::new(),
            once: None,
            max_depth: u64::MAX,
            max_group_depth: u64::MAX,
            max_crowded_depth: u64::MAX,
        }
    }

    /// Depth of the partition from which [`max_crowded_depth`](Self::max_crowded_depth) applies.
    pub fn crowded_at(&self) -> u64 {
        self.max_depth - self.max_depth / 4
    }
}

/// Result of a push. Of the drops of a sender, the first of a minute is recorded for each reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    Accepted,
    /// A message of this id was accepted, or dropped for good, within the last days. Nothing has changed.
    Duplicate,
    /// The partition is full. Nothing has changed.
    Full,
    /// The sender's mailbox is full. The message was dropped, and that was recorded. Pushed again when
    /// there is room, it is accepted, unless it was dropped for good.
    GroupFull,
    /// A mark stands against the message. It was dropped for good, and that was recorded, unless it was
    /// known before.
    Barred,
    /// The sender exceeds their rate. The message was dropped for good, and that was recorded.
    Limited,
}

/// Rate of one sender: a token bucket in the store's state, by the store's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderRate {
    /// Key of the state that holds the bucket.
    pub bucket: String,
    /// Time in which the bucket gets the room of one message back.
    pub interval: Duration,
    /// Messages that a full bucket lets through at once; at least 1.
    pub burst: u32,
    /// Message for the sender of a dropped one.
    pub notice: Option<Once>,
}

/// Outbound message that is put into the outbox at most once within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Key of the state that remembers it for that time.
    pub key: String,
    pub every: Duration,
    pub entry: Entry,
}
