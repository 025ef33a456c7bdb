//! Operator's access: changes outside of any message, and everything that is stored about a person.

use std::fmt;

use async_trait::async_trait;

use super::error::StorageError;
use super::feeds::FeedCursor;
use super::queue::{Entry, Partition, QueueKind};
use crate::model::address::{Group, Identity};
use crate::model::state::Write;

/// Change of an operator: it takes effect in one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub writes: Vec<Write>,
    /// Wakes for the partition's inbound queue, appended as those of a commit.
    pub wakes: Vec<Entry>,
}

/// Marks by which a person is found in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Identity in clear, as in payloads and values.
    pub identity: Identity,
    /// Groups of the person, as in the names of keys, pools and mailboxes.
    pub groups: Vec<Group>,
}

impl Marks {
    /// Returns whether a name is that of something which belongs to the person.
    pub fn name(&self, name: &str) -> bool {
        self.groups.iter().any(|group| name.contains(group.as_str())) || self.text(name)
    }

    /// Returns whether a text holds the identity. A longer number that begins or ends with the same
    /// digits is another one.
    pub fn text(&self, text: &str) -> bool {
        let identity = self.identity.reveal();
        let is_digit = |found: Option<char>| found.is_some_and(|it| it.is_ascii_digit());
        !identity.is_empty()
            && text.match_indices(identity).any(|(at, _)| {
                let starts_with_digit = is_digit(identity.chars().next());
                let before = starts_with_digit && is_digit(text[..at].chars().next_back());
                !before && !is_digit(text[at + identity.len()..].chars().next())
            })
    }
}

/// Kind of a place in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A handler's state.
    State,
    Pool,
    Counter,
    Message(QueueKind),
    /// A wake that is not due.
    Wake,
    DeadLetter(QueueKind),
    Event,
    /// Data that a store keeps besides, such as the rate of a sender.
    Other,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State => "state",
            Self::Pool => "pools",
            Self::Counter => "counters",
            Self::Message(QueueKind::Inbound) => "messages to handle",
            Self::Message(QueueKind::Outbox) => "messages to send",
            Self::Wake => "timers",
            Self::DeadLetter(QueueKind::Inbound) => "dead letters of messages to handle",
            Self::DeadLetter(QueueKind::Outbox) => "dead letters of messages to send",
            Self::Event => "events",
            Self::Other => "other data",
        })
    }
}

/// Trace of a person in a store.
#[derive(Clone, PartialEq, Eq)]
pub struct Trace {
    pub place: Place,
    /// Key of state, name of a pool or counter, mailbox of a message, or message of an event.
    pub name: String,
    /// Value, member, payload or detail.
    pub text: String,
    /// The store's own name for it.
    pub locator: String,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Name and text may hold the identity.
        f.debug_struct("Trace").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Operator's access to a store.
#[async_trait]
pub trait Operator: Send + Sync {
    /// Makes a change outside of any message. A counter may be added to twice when an answer is lost.
    async fn apply(&self, partition: &Partition, change: Change) -> Result<(), StorageError>;

    /// Returns every trace of a person in a partition. It reads all of the partition.
    async fn search(
        &self,
        partition: &Partition,
        marks: &Marks,
    ) -> Result<Vec<Trace>, StorageError>;

    /// Returns the payloads that wait in a mailbox of the inbound queue, the oldest first.
    async fn mailbox(
        &self,
        partition: &Partition,
        group: &Group,
    ) -> Result<Vec<String>, StorageError>;

    /// Erases traces that a search has found. One that has changed since is left alone. A worker that
    /// has an erased message in hand loses its claim.
    async fn erase(&self, partition: &Partition, traces: &[Trace]) -> Result<(), StorageError>;

    /// Erases the text of a line of a feed.
    async fn erase_line(&self, feed: &str, line: &FeedCursor) -> Result<(), StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_within_a_longer_number_is_no_mark() {
        let group = Group::from_id("0a1b");
        let marks = Marks { identity: Identity::new("+4930123456"), groups: vec![group] };
        for text in ["+4930123456", "{\"identity\":\"+4930123456\"}", "+49301234567 +4930123456!"] {
            assert!(marks.text(text), "{text}");
        }
        for text in ["", "+49301234567", "+4930123450", "4930123456"] {
            assert!(!marks.text(text), "{text}");
        }
        assert!(marks.name("absent:0a1b") && marks.name("x:+4930123456") && !marks.name("0a1"));
        let name = Marks { identity: Identity::new("24680"), groups: Vec::new() };
        assert!(name.text("a 24680.") && !name.text("124680") && !name.text("246801"));
    }
}
