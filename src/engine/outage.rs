//! Outages of the store in the log: one line when the first part of the process waits for it, and one when
//! the last part has its answer. A part that asks on demand, as the intake does, may not ask again: it is
//! left out once the others have theirs and it has been silent for a while.
//!
//! A process has one store and one log, so it has one record of the parts that wait.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::clock::millis;

/// Time after which a part that has not asked again waits no more. Parts that ask by themselves do it more
/// often than that.
const SILENT: Duration = Duration::from_mins(1);

/// Outage of this process' store, if there is one.
static OUTAGE: Outage = Outage::new();

/// Notes that a part of the process has got no answer.
pub(super) fn waits(part: impl Display, error: &impl Display) {
    if OUTAGE.begin(part.to_string(), Instant::now()) {
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
    if let Some(away) = OUTAGE.end(&part.to_string(), Instant::now()) {
        tracing::info!(away_ms = millis(away), "the store is back");
    }
}

/// Parts that wait for a store.
struct Outage {
    is_on: AtomicBool,
    state: Mutex<State>,
}

struct State {
    /// Parts, each with the time at which it last got no answer.
    waiting: BTreeMap<String, Instant>,
    began: Option<Instant>,
    /// First answer since a part last got none.
    back: Option<Instant>,
}

impl Outage {
    const fn new() -> Self {
        let state = State { waiting: BTreeMap::new(), began: None, back: None };
        Self { is_on: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// Adds a part. Returns whether it is the first one.
    fn begin(&self, part: String, now: Instant) -> bool {
        let mut state = self.state();
        let is_first = state.waiting.is_empty();
        state.waiting.insert(part, now);
        state.began.get_or_insert(now);
        state.back = None;
        self.is_on.store(true, Ordering::Relaxed);
        is_first
    }

    /// Removes a part that has its answer. Returns the time of the outage when none is left that waits.
    fn end(&self, part: &str, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        state.waiting.remove(part);
        state.waiting.retain(|_, asked| now.saturating_duration_since(*asked) < SILENT);
        let back = *state.back.get_or_insert(now);
        if !state.waiting.is_empty() {
            return None;
        }
        self.is_on.store(false, Ordering::Relaxed);
        state.back = None;
        state.began.take().map(|began| back.saturating_duration_since(began))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn outage_begins_with_its_first_part_and_ends_with_its_last() {
        let (outage, now) = (Outage::new(), Instant::now());
        let begun = ["a", "b", "a"].map(|part| outage.begin(part.to_owned(), now));
        assert_eq!(begun, [true, false, false]);
        assert_eq!(["a", "a", "unknown"].map(|part| outage.end(part, now)), [None; 3]);
        assert_eq!(outage.end("b", now), Some(seconds(0)));
        assert!(!outage.is_on.load(Ordering::Relaxed));
        assert!(outage.begin("a".to_owned(), now) && outage.end("a", now).is_some());
    }

    #[test]
    fn part_that_does_not_ask_again_does_not_prolong_the_outage() {
        let (outage, now) = (Outage::new(), Instant::now());
        outage.begin("intake".to_owned(), now);
        outage.begin("queue".to_owned(), now + seconds(5));
        assert_eq!(outage.end("queue", now + seconds(7)), None, "the intake may still wait");
        let ended = outage.end("queue", now + seconds(60));
        assert_eq!(ended, Some(seconds(7)), "the store has answered since then");
        assert_eq!(outage.end("queue", now + seconds(61)), None);
    }
}
