//! The stored part of a conversation: the app's state, its pause, and its timers.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::is_null;
use crate::contracts::handler::{Result, Transaction};
use crate::model::address::Address;
use crate::model::message::Wake;

/// Name of the wakes that are an app's timers.
const TIMER: &str = "webhook.timer";

/// Conversation with one person, or one mailbox.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Conversation {
    #[serde(skip_serializing_if = "is_null")]
    state: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_until: Option<DateTime<Utc>>,
    /// The newest timer of each name, by its id. A later one of a name replaces the earlier one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    timers: BTreeMap<String, String>,
}

/// Timer that an app has set, as its wake carries it.
#[derive(Serialize, Deserialize)]
pub(super) struct Timer {
    id: String,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(super) data: Value,
    /// The person to whom a reply goes, if the mailbox is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<Address>,
}

impl Timer {
    /// Returns the timer that a wake is. A topic has other wakes too, such as those of its schedule.
    pub(super) fn of(wake: &Wake) -> Option<Self> {
        if wake.name == TIMER { wake.data().ok() } else { None }
    }
}

impl Conversation {
    pub(super) fn state(&self) -> &Value {
        &self.state
    }

    pub(super) fn set_state(&mut self, state: Value) {
        self.state = state;
    }

    /// Returns the rest of the pause.
    pub(super) fn pause(&self, now: DateTime<Utc>) -> Option<Duration> {
        let rest = (self.paused_until? - now).to_std().ok()?;
        (!rest.is_zero()).then_some(rest)
    }

    pub(super) fn set_pause(&mut self, until: DateTime<Utc>) {
        self.paused_until = Some(until);
    }

    /// Sets a timer, in place of an earlier one of its name. `id` differs from that of every other.
    pub(super) fn set_timer(
        &mut self,
        tx: &mut Transaction,
        after: Duration,
        timer: Timer,
    ) -> Result {
        self.timers.insert(timer.name.clone(), timer.id.clone());
        tx.wake_after(after, TIMER, &timer)
    }

    /// Number of timers that are set.
    pub(super) fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Ends a timer that has fired; false for one that a later timer has replaced. A conversation
    /// that has expired meanwhile knows none of its timers.
    pub(super) fn end(&mut self, timer: &Timer) -> bool {
        match self.timers.get(&timer.name) {
            Some(id) if *id != timer.id => false,
            _ => {
                self.timers.remove(&timer.name);
                true
            }
        }
    }

    pub(super) fn store(&self, tx: &mut Transaction, ttl: Duration) -> Result {
        if *self == Self::default() {
            tx.clear_state();
            return Ok(());
        }
        tx.set_state(self, ttl)
    }
}

impl Timer {
    pub(super) fn new(id: String, name: String, data: Value, person: Option<Address>) -> Self {
        Self { id, name, data, person }
    }
}
