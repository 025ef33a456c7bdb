//! Events that a topic reports to a webhook.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::event::EventKind;

/// Name of the transport that reports them. No person has an address on it.
pub const EVENTS: &str = "events";

/// Event that can be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportedEvent {
    Received,
    Sent,
    Delivered,
    Failed,
}

impl ReportedEvent {
    pub const ALL: [Self; 4] = [Self::Received, Self::Sent, Self::Delivered, Self::Failed];

    /// Returns the event that this kind of a record is, if it can be reported.
    pub fn of(kind: EventKind) -> Option<Self> {
        match kind {
            EventKind::Received => Some(Self::Received),
            EventKind::Sent => Some(Self::Sent),
            EventKind::Delivered => Some(Self::Delivered),
            EventKind::Failed => Some(Self::Failed),
            _ => None,
        }
    }
}

/// Events that a topic reports; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicEvents(BTreeSet<ReportedEvent>);

impl TopicEvents {
    /// Returns whether nothing is reported.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn reports(&self, kind: EventKind) -> bool {
        ReportedEvent::of(kind).is_some_and(|event| self.0.contains(&event))
    }
}

impl FromIterator<ReportedEvent> for TopicEvents {
    fn from_iter<I: IntoIterator<Item = ReportedEvent>>(events: I) -> Self {
        Self(events.into_iter().collect())
    }
}
