//! Events of a message's life. Each is recorded in the transaction that makes it true.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::model::message::MessageId;

/// Kind of an event: the seven steps of a message's life (`Rejected` in place of `Validated`), and the
/// failures that may come between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    Received,
    Validated,
    Rejected,
    Queued,
    Handled,
    Sent,
    Delivered,
    Recorded,
    /// Failed once and scheduled for a retry.
    Retried,
    /// Sent with an ambiguous outcome, which is still to be reconciled.
    Unknown,
    /// Refused by the provider for good, or not delivered.
    Failed,
    /// Moved to the dead letters.
    Buried,
    /// Dropped because the sender's mailbox was full.
    Dropped,
}

impl EventKind {
    const ALL: [(Self, &'static str); 13] = [
        (Self::Received, "received"),
        (Self::Validated, "validated"),
        (Self::Rejected, "rejected"),
        (Self::Queued, "queued"),
        (Self::Handled, "handled"),
        (Self::Sent, "sent"),
        (Self::Delivered, "delivered"),
        (Self::Recorded, "recorded"),
        (Self::Retried, "retried"),
        (Self::Unknown, "unknown"),
        (Self::Failed, "failed"),
        (Self::Buried, "buried"),
        (Self::Dropped, "dropped"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Error for a name that is no event kind.
#[derive(Debug, thiserror::Error)]
#[error("no such event")]
pub struct UnknownEvent;

impl FromStr for EventKind {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(kind, _)| *kind)
            .ok_or(UnknownEvent)
    }
}

/// Event as it is passed to the transaction that makes it true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub kind: EventKind,
    /// Time of the event; the store's time of the transaction when absent.
    pub at: Option<DateTime<Utc>>,
}

impl From<EventKind> for Fact {
    fn from(kind: EventKind) -> Self {
        Self { kind, at: None }
    }
}

/// Events of one message that one transaction records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The inbound message that they belong to.
    pub message: MessageId,
    pub facts: Vec<Fact>,
    pub detail: Detail,
    /// Entries that the partition's record keeps at most.
    pub max_records: u64,
}

impl Facts {
    /// Creates facts that have the time of their transaction.
    pub fn new(message: MessageId, kinds: &[EventKind], detail: Detail, max_records: u64) -> Self {
        let facts = kinds.iter().copied().map(Fact::from).collect();
        Self { message, facts, detail, max_records }
    }
}

/// Details of an event besides its kind and time. Never a message's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Sender of an inbound message, or recipient of an outbound one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<crate::model::address::Address>,
    /// Id of the outbound message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound: Option<MessageId>,
    /// Provider's id of the outbound message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// Cause: a validator's name, or an error's code and meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Recorded event, as it is read from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub message: MessageId,
    pub kind: EventKind,
    pub at: DateTime<Utc>,
    pub detail: Detail,
}
