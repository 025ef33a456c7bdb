//! Queues: partitions, entries and pushes.

use std::fmt;

use super::admission::{Once, SenderRate};
use crate::model::address::{Group, GroupKey};
use crate::model::event::{Detail, Facts};
use crate::model::message::{Mail, MessageId, Outbound, Wake};
use crate::model::state::Write;
use crate::model::topic::{Limits, TopicName};

/// One of a partition's two queues: messages to handle, or messages to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueKind {
    Inbound,
    Outbox,
}

/// Slice of a topic: the unit that lives on one Redis hash slot, and in which a commit is atomic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    pub topic: TopicName,
    pub number: u16,
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.topic, self.number)
    }
}

/// Queue of messages, in order per group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Queue {
    pub partition: Partition,
    pub kind: QueueKind,
}

/// Message to be put into a queue. No store reads the payload, and no `Debug` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub group: Group,
    pub id: MessageId,
    pub payload: String,
}

impl Entry {
    /// Makes the entry of an outbound message. Its group is the recipient behind the line, so that the
    /// messages to one recipient keep their order.
    pub fn owed(outbound: &Outbound, groups: &GroupKey) -> Self {
        Self {
            group: groups.group(&outbound.to).on_line(&groups.line(&outbound.to)),
            id: outbound.id.clone(),
            payload: serde_json::to_string(outbound)
                .expect("an outbound message is strings throughout"),
        }
    }

    /// Makes the entry of a wake. Its id is its name, so that two wakes of one name are one.
    pub fn wake(wake: Wake) -> Self {
        Self {
            group: wake.group.clone(),
            id: MessageId::new(format!("wake:{}", wake.name)),
            payload: serde_json::to_string(&Mail::Wake(wake))
                .expect("a wake is strings and JSON throughout"),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("group", &self.group)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Accepted message, and everything that is stored with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub entry: Entry,
    /// Puts the entry into the queue. Without it the message is only known and recorded, and the limits
    /// of depth do not apply.
    pub is_queued: bool,
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
            facts: Facts::new(entry.id.clone(), &[], Detail::default(), limits.max_records),
            entry,
            is_queued: true,
            aliases: Vec::new(),
            marks: Vec::new(),
            rate: None,
            writes: Vec::new(),
            outbox: Vec::new(),
            once: None,
            max_depth: limits.max_depth,
            max_group_depth: limits.max_group_depth,
            max_crowded_depth: u64::MAX,
        }
    }

    /// Depth of the partition from which [`max_crowded_depth`](Self::max_crowded_depth) applies.
    pub fn crowded_at(&self) -> u64 {
        self.max_depth - self.max_depth / 4
    }
}

/// Result of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    Accepted,
    /// A message of this id was accepted within the last days. Nothing has changed.
    Duplicate,
    /// The partition is full. Nothing has changed.
    Full,
    /// The sender's mailbox is full. The message was dropped, and that was recorded.
    GroupFull,
    /// A mark stands against the message. It was dropped, and that was recorded, unless it was accepted
    /// before.
    Barred,
    /// The sender exceeds their rate. The message was dropped, and that was recorded.
    Limited,
}
