//! Queues: partitions, entries and pushes.

use std::fmt;

use crate::model::address::{Group, GroupKey};
use crate::model::event::Facts;
use crate::model::message::{Mail, MessageId, Outbound, Wake};
use crate::model::topic::TopicName;

/// Which of a partition's two queues: what was said to us, or what we owe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueKind {
    Inbound,
    Outbox,
}

/// A slice of a topic: the unit that lives on one Redis hash slot, and commits as one.
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

/// A queue of messages in order per group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Queue {
    pub partition: Partition,
    pub kind: QueueKind,
}

/// Something to go into a queue. The payload is the caller's own; no storage reads it, and no
/// `Debug` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub group: Group,
    pub id: MessageId,
    pub payload: String,
}

impl Entry {
    /// An owed message, on its way into the outbox: its group is the recipient behind the line,
    /// so that one recipient's messages keep their order.
    pub fn owed(outbound: &Outbound, groups: &GroupKey) -> Self {
        Self {
            group: groups.group(&outbound.to).on_line(&groups.line(&outbound.to)),
            id: outbound.id.clone(),
            payload: serde_json::to_string(outbound)
                .expect("an outbound message is strings throughout"),
        }
    }

    /// A wake, on its way into its group's mailbox: its id is its name, so that two of one name are
    /// one.
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

/// An accepted message on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub entry: Entry,
    /// What we owe for it already, put into the outbox in the same step.
    pub outbox: Vec<Entry>,
    pub facts: Facts,
    pub max_depth: u64,
    pub max_group_depth: u64,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    Accepted,
    /// A message of this id was accepted within the last days; nothing has changed.
    Duplicate,
    /// The topic's queues are full; nothing has changed.
    Full,
    /// The sender's mailbox is full; the message was dropped and that was recorded.
    GroupFull,
}
