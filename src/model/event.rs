//! Facts about a message, each recorded inside the step that makes it true.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::model::message::MessageId;

/// The seven events of a message's life (`Rejected` takes the place of `Validated`), and what may
/// go wrong on the way.
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
    /// Tried without success; it will be tried again.
    Retried,
    /// The provider may or may not have taken it; nobody knows yet.
    Unknown,
    /// The provider refused it for good, or could not deliver it.
    Failed,
    /// Given up on; it lies among the dead letters.
    Buried,
    /// Dropped because its sender's mailbox was full.
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

/// Something that became true of a message, as it is handed to the step that makes it true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub kind: EventKind,
    /// When it became true; the time of the step itself, by the store's clock, when absent.
    pub at: Option<DateTime<Utc>>,
}

impl From<EventKind> for Fact {
    fn from(kind: EventKind) -> Self {
        Self { kind, at: None }
    }
}

/// What one step has to record of one message.
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
    /// Several facts that are true from this step on.
    pub fn new(message: MessageId, kinds: &[EventKind], detail: Detail, max_records: u64) -> Self {
        let facts = kinds.iter().copied().map(Fact::from).collect();
        Self { message, facts, detail, max_records }
    }
}

/// What is worth knowing of an event beside its kind and time. Never a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Who it is about: the sender of an inbound message, the recipient of an outbound one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<crate::model::address::Address>,
    /// The outbound message, by our id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound: Option<MessageId>,
    /// The outbound message, by the provider's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// Why: a validator's name, an error's code and meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A fact, read back.
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
        ];
        let kept = [0, 1, 2, 4].map(|at: usize| recorded[at].clone());
        assert_eq!(forward_only(recorded), kept);
    }
}
