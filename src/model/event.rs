//! Events of a message's life. Each is recorded in the transaction that makes it true.

use std::collections::HashMap;
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
    /// Accepted for a later time.
    Scheduled,
    Handled,
    Sent,
    Delivered,
    Recorded,
    /// Failed once and scheduled for a retry.
    Retried,
    /// Sent with an ambiguous outcome, which is still to be reconciled.
    Unknown,
    /// Kept because a budget is spent.
    Held,
    /// Refused by the provider for good, or not delivered.
    Failed,
    /// Moved to the dead letters.
    Buried,
    /// Moved from the dead letters back to the end of its mailbox, by an operator.
    Replayed,
    /// Removed from the dead letters, by an operator.
    Discarded,
    /// Dropped because the sender's mailbox was full.
    Dropped,
    /// Cancelled before it was handed to the outbox.
    Cancelled,
}

impl EventKind {
    const ALL: [(Self, &'static str); 18] = [
        (Self::Received, "received"),
        (Self::Validated, "validated"),
        (Self::Rejected, "rejected"),
        (Self::Queued, "queued"),
        (Self::Scheduled, "scheduled"),
        (Self::Handled, "handled"),
        (Self::Sent, "sent"),
        (Self::Delivered, "delivered"),
        (Self::Recorded, "recorded"),
        (Self::Retried, "retried"),
        (Self::Unknown, "unknown"),
        (Self::Held, "held"),
        (Self::Failed, "failed"),
        (Self::Buried, "buried"),
        (Self::Replayed, "replayed"),
        (Self::Discarded, "discarded"),
        (Self::Dropped, "dropped"),
        (Self::Cancelled, "cancelled"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

impl EventKind {
    /// Returns how far an outbound message has come; events of the same rank exclude each other.
    pub fn delivery_rank(self) -> Option<u8> {
        match self {
            Self::Sent => Some(1),
            Self::Delivered | Self::Failed => Some(2),
            _ => None,
        }
    }

    /// Returns the kinds after which this one is no news of an outbound message: those of its rank
    /// and of every higher one.
    pub fn superseded_by(self) -> impl Iterator<Item = Self> {
        let rank = self.delivery_rank();
        let kinds = Self::ALL.into_iter().map(|(kind, _)| kind);
        kinds.filter(move |kind| rank.is_some() && kind.delivery_rank() >= rank)
    }
}

/// Drops the events by which an outbound message would go back to an earlier state. Reports and the
/// answer to the send itself arrive on different ways, so each may be recorded late.
pub fn forward_only(events: Vec<Event>) -> Vec<Event> {
    let mut reached: HashMap<MessageId, u8> = HashMap::new();
    let mut is_forward = |event: &Event| {
        if let (EventKind::Replayed, Some(outbound)) = (event.kind, &event.detail.outbound) {
            // It is sent anew, under its old id.
            reached.remove(outbound);
        }
        let (Some(rank), Some(outbound)) = (event.kind.delivery_rank(), &event.detail.outbound)
        else {
            return true;
        };
        let before = reached.insert(outbound.clone(), rank).unwrap_or_default();
        reached.insert(outbound.clone(), rank.max(before));
        rank > before
    };
    events.into_iter().filter(|event| is_forward(event)).collect()
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
    /// Provider's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Cost of an outbound message, in segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<u32>,
}

/// Recorded event, as it is read from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub message: MessageId,
    pub kind: EventKind,
    pub at: DateTime<Utc>,
    pub detail: Detail,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_event_of_an_earlier_state_is_dropped() {
        let event = |outbound: &str, kind| Event {
            message: MessageId::new("m1"),
            kind,
            at: DateTime::UNIX_EPOCH,
            detail: Detail { outbound: Some(MessageId::new(outbound)), ..Detail::default() },
        };
        let recorded = vec![
            event("o1", EventKind::Delivered),
            event("o2", EventKind::Sent),
            event("o1", EventKind::Retried),
            event("o1", EventKind::Sent),
            event("o2", EventKind::Failed),
            event("o1", EventKind::Failed),
            event("o2", EventKind::Replayed),
            event("o2", EventKind::Sent),
        ];
        let kept = [0, 1, 2, 4, 6, 7].map(|at: usize| recorded[at].clone());
        assert_eq!(forward_only(recorded), kept);
    }
}
