//! Orders: pauses by operators. No message is tried while one holds, and no outcome of a message ends it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::contracts::storage::Pause;
use crate::model::address::{GroupKey, LineKey};

/// Pauses by operators, as the store had them last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// Uptime until which the whole topic is paused.
    topic: Option<Duration>,
    /// Uptimes until which lines and transports are paused.
    lines: BTreeMap<LineKey, Duration>,
}

impl Orders {
    /// Reads the orders among the pauses that the store had at this uptime.
    pub(super) fn read(asked_at: Duration, pauses: &[Pause], groups: &GroupKey) -> Self {
        let mut orders = Self::default();
        for pause in pauses.iter().filter(|pause| pause.scope.by_operator) {
            let until = asked_at.saturating_add(pause.remaining);
            if pause.scope.is_topic() {
                orders.topic = Some(until);
            } else {
                orders.lines.insert(pause.scope.key(groups), until);
            }
        }
        orders
    }

    /// Returns whether neither order of these holds what the other does not.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.topic.is_some() == other.topic.is_some() && self.lines.keys().eq(other.lines.keys())
    }

    /// Returns the time for which the whole topic is paused.
    pub(super) fn topic_for(&self, now: Duration) -> Option<Duration> {
        self.topic.and_then(|until| until.checked_sub(now)).filter(|left| !left.is_zero())
    }

    /// Returns the lines and transports that are paused.
    pub(super) fn closed(&self, now: Duration) -> impl Iterator<Item = &LineKey> {
        self.lines.iter().filter(move |(_, until)| **until > now).map(|(key, _)| key)
    }

    /// Returns whether one of these keys, or the topic, is paused.
    pub(super) fn hold(&self, keys: &[&LineKey], now: Duration) -> bool {
        self.topic_for(now).is_some() || self.closed(now).any(|key| keys.contains(&key))
    }

    /// Returns the uptimes at which orders end.
    pub(super) fn ends(&self) -> impl Iterator<Item = Duration> {
        self.lines.values().chain(&self.topic).copied()
    }
}
