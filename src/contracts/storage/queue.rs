//! Queues: partitions and entries.

use std::fmt;

use serde::Serialize;

use crate::model::address::{Address, Group, GroupKey};
use crate::model::message::{Mail, MessageId, Outbound, Wake};
use crate::model::topic::TopicName;

/// One of a partition's two queues: messages to handle, or messages to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum QueueKind {
    Inbound,
    Outbox,
}

impl QueueKind {
    /// Both queues of a partition.
    pub const ALL: [Self; 2] = [Self::Inbound, Self::Outbox];

    /// Returns the name of the queue in figures and in what programs read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbox => "outbox",
        }
    }
}

/// Slice of a topic: the unit that lives on one Redis hash slot, and in which a commit is atomic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Partition {
    pub topic: TopicName,
    pub number: u16,
}

impl Partition {
    /// Returns the first partition of a topic, which holds what the topic has once.
    pub fn first(topic: &TopicName) -> Self {
        Self { topic: topic.clone(), number: 0 }
    }

    /// Returns the one of so many partitions of a topic that holds what is known of a person.
    pub fn of(topic: &TopicName, person: &Address, groups: &GroupKey, partitions: u16) -> Self {
        Self { topic: topic.clone(), number: groups.partition(person, partitions) }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.topic, self.number)
    }
}

/// Queue of messages, in order per group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
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
    /// messages to one recipient keep their order. Bulk messages have a lane of their own.
    pub fn owed(outbound: &Outbound, groups: &GroupKey) -> Self {
        let line = groups.line(&outbound.to);
        let origin = if outbound.priority.is_normal() { line } else { line.bulk() };
        Self {
            group: groups.group(&outbound.to).on_line(&origin),
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
