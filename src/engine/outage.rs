//! Outages of the store in the log: one line when the first part of the process waits for it, and one when
//! the last part has its answer.
//!
//! A process has one store and one log, so it has one record of the parts that wait.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::model::clock::millis;

/// Outage of this process' store, if there is one.
static OUTAGE: Outage = Outage::new();

/// Notes that a part of the process has got no answer.
pub(super) fn waits(part: impl Display, error: &impl Display) {
    if OUTAGE.begin(part.to_string()) {
        tracing::warn!(part = %part, %error, "waiting for the store");
    } else {
        tracing::debug!(part = %part, %error, "waiting for the store");
    }
}

/// Notes that a part of the process has got an answer.
pub(super) fn answered(part: impl Display) {
    // Most answers come while nothing waits, and cost no more than this.
    if !OUTAGE.is_on.load(Ordering::Relaxed) {
        return;
    }
    if let Some(began) = OUTAGE.end(&part.to_string()) {
        let away_ms = millis(began.elapsed());
        tracing::info!(away_ms, "the store is back");
    }
}

/// Parts that wait for a store.
struct Outage {
    is_on: AtomicBool,
    state: Mutex<State>,
}

struct State {
    waiting: BTreeSet<String>,
    began: Option<Instant>,
}

impl Outage {
    const fn new() -> Self {
        let state = State { waiting: BTreeSet::new(), began: None };
        Self { is_on: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// Adds a part. Returns whether it is the first one.
    fn begin(&self, part: String) -> bool {
        let mut state = self.state();
        let is_first = state.waiting.is_empty();
        state.waiting.insert(part);
        state.began.get_or_insert_with(Instant::now);
        self.is_on.store(true, Ordering::Relaxed);
        is_first
    }

    /// Removes a part. Returns the beginning of the outage when it was the last one.
    fn end(&self, part: &str) -> Option<Instant> {
        let mut state = self.state();
        if !state.waiting.remove(part) || !state.waiting.is_empty() {
            return None;
        }
        self.is_on.store(false, Ordering::Relaxed);
        state.began.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_begins_with_its_first_part_and_ends_with_its_last() {
        let outage = Outage::new();
        assert_eq!(["a", "b", "a"].map(|part| outage.begin(part.to_owned())), [true, false, false]);
        assert!(outage.end("a").is_none() && outage.end("a").is_none());
        assert!(outage.end("unknown").is_none() && outage.end("b").is_some());
        assert!(!outage.is_on.load(Ordering::Relaxed));
        assert!(outage.begin("a".to_owned()) && outage.end("a").is_some());
    }
}
