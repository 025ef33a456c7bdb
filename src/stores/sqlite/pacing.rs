//! Buckets of lines and repetitions of texts. They are in memory: the file has one process, and a restart
//! may forget them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::contracts::storage::rates::MOST_OWED;
use crate::contracts::storage::{Admission, Admitted, Bucket, Repeat};
use crate::model::clock::Clock;
use crate::model::topic::TopicName;

/// Number of entries above which those that are over are removed.
const SWEEP: usize = 10_000;
/// Time between two removals, each of which looks at all entries.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// Buckets and repetitions of a process.
pub(super) struct Pacing {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// Key of an entry: its topic, its own key, and the text for a repetition.
type Key = (TopicName, String, String);

#[derive(Default)]
struct State {
    /// Uptimes at which buckets are full.
    full_at: HashMap<Key, Duration>,
    repeats: HashMap<Key, Repeated>,
    swept_at: Duration,
}

struct Repeated {
    id: String,
    count: u32,
    until: Duration,
}

impl Pacing {
    pub(super) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self { clock: Arc::clone(clock), state: Mutex::default() }
    }

    /// Admits a message as far as its bucket and its repetition go, and takes it from the bucket.
    pub(super) fn take(&self, topic: &TopicName, admission: &Admission) -> Admitted {
        let now = self.clock.uptime();
        let mut state = self.state();
        state.sweep(now);
        let count = admission.repeat.as_ref().map_or(0, |it| state.count(topic, it, now));
        if admission.repeat.as_ref().is_some_and(|repeat| count > repeat.limit) {
            return Admitted::Repeated;
        }
        let mut next = Duration::ZERO;
        if let Some(bucket) = &admission.bucket {
            let key = bucket_key(topic, bucket);
            let most = now + bucket.capacity + bucket.interval.saturating_mul(MOST_OWED);
            if let Some(full_at) = state.full_at.get_mut(&key) {
                *full_at = (*full_at).min(most);
            }
            match filled(state.full_at.get(&key).copied(), bucket, admission.cost, now) {
                Err(wait) => return Admitted::Later(wait),
                Ok(full_at) => {
                    next = (full_at + bucket.interval.min(bucket.capacity))
                        .saturating_sub(now + bucket.capacity);
                    state.full_at.insert(key, full_at);
                }
            }
        }
        Admitted::Yes { next, day: 0 }
    }

    /// Gives back to the bucket what a message took that is not admitted after all.
    pub(super) fn give_back(&self, topic: &TopicName, admission: &Admission) {
        let Some(bucket) = &admission.bucket else { return };
        if let Some(full_at) = self.state().full_at.get_mut(&bucket_key(topic, bucket)) {
            *full_at = full_at.saturating_sub(price(bucket, admission.cost));
        }
    }

    /// Counts the text of a message that is admitted.
    pub(super) fn count(&self, topic: &TopicName, repeat: &Repeat) {
        let now = self.clock.uptime();
        let mut state = self.state();
        let count = state.count(topic, repeat, now);
        let key = repeat_key(topic, repeat);
        let running = state.repeats.get(&key).map(|last| last.until).filter(|until| *until > now);
        let until = running.unwrap_or(now + repeat.window);
        state.repeats.insert(key, Repeated { id: repeat.id.clone(), count, until });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the number of equal texts within the window, this one included.
    fn count(&self, topic: &TopicName, repeat: &Repeat, now: Duration) -> u32 {
        match self.repeats.get(&repeat_key(topic, repeat)).filter(|last| last.until > now) {
            None => 1,
            Some(last) => last.count + u32::from(last.id != repeat.id),
        }
    }

    fn sweep(&mut self, now: Duration) {
        let is_due = now >= self.swept_at + SWEEP_INTERVAL;
        if is_due && self.full_at.len() + self.repeats.len() > SWEEP {
            self.swept_at = now;
            self.full_at.retain(|_, full_at| *full_at + Duration::from_mins(1) > now);
            self.repeats.retain(|_, last| last.until > now);
        }
    }
}

fn bucket_key(topic: &TopicName, bucket: &Bucket) -> Key {
    (topic.clone(), bucket.key.clone(), String::new())
}

fn repeat_key(topic: &TopicName, repeat: &Repeat) -> Key {
    (topic.clone(), repeat.key.clone(), repeat.value.clone())
}

fn price(bucket: &Bucket, cost: u32) -> Duration {
    bucket.interval.saturating_mul(cost)
}

/// Returns the time at which the bucket will be full again, or the time until it has enough.
fn filled(
    full_at: Option<Duration>,
    bucket: &Bucket,
    cost: u32,
    now: Duration,
) -> Result<Duration, Duration> {
    let price = price(bucket, cost);
    if let Some(full_at) = full_at {
        let needed = full_at + price.min(bucket.capacity) + bucket.reserve;
        let wait = needed.saturating_sub(now + bucket.capacity);
        if !wait.is_zero() {
            return Err(wait);
        }
    }
    Ok(full_at.map_or(now, |full_at| full_at.max(now)) + price)
}
