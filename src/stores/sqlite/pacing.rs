//! Buckets of lines and repetitions of texts. They are in memory: the file has one process, and a restart
//! may forget them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::contracts::storage::{Admission, Admitted, Bucket, Repeat};
use crate::model::clock::Clock;
use crate::model::topic::TopicName;

/// Number of entries above which those that are over are removed.
const SWEEP: usize = 10_000;

/// Buckets and repetitions of a process.
pub(super) struct Pacing {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Uptimes at which buckets are full.
    full_at: HashMap<(TopicName, String), Duration>,
    repeats: HashMap<(TopicName, String), Repeated>,
}

struct Repeated {
    value: String,
    id: String,
    count: u32,
    until: Duration,
}

impl Pacing {
    pub(super) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self { clock: Arc::clone(clock), state: Mutex::default() }
    }

    /// Admits a message as far as its bucket and its repetition go.
    pub(super) fn admit(
        &self,
        topic: &TopicName,
        admission: &Admission,
        is_counted: bool,
    ) -> Admitted {
        let now = self.clock.uptime();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sweep(now);
        let count = admission.repeat.as_ref().map_or(0, |it| state.count(topic, it, now));
        if admission.repeat.as_ref().is_some_and(|repeat| count > repeat.limit) {
            return Admitted::Repeated;
        }
        let mut next = Duration::ZERO;
        if let Some(bucket) = &admission.bucket {
            let key = (topic.clone(), bucket.key.clone());
            match filled(state.full_at.get(&key).copied(), bucket, admission.cost, now) {
                Err(wait) => return Admitted::Later(wait),
                Ok(_) if !is_counted => {}
                Ok(full_at) => {
                    next = (full_at + bucket.interval.min(bucket.capacity))
                        .saturating_sub(now + bucket.capacity);
                    state.full_at.insert(key, full_at);
                }
            }
        }
        if let Some(repeat) = admission.repeat.as_ref().filter(|_| is_counted) {
            state.repeat(topic, repeat, count, now);
        }
        Admitted::Yes { next }
    }
}

impl State {
    /// Returns the number of equal texts in a row, this one included.
    fn count(&self, topic: &TopicName, repeat: &Repeat, now: Duration) -> u32 {
        let last = self.repeats.get(&(topic.clone(), repeat.key.clone()));
        match last.filter(|last| last.until > now && last.value == repeat.value) {
            None => 1,
            Some(last) => last.count + u32::from(last.id != repeat.id),
        }
    }

    fn repeat(&mut self, topic: &TopicName, repeat: &Repeat, count: u32, now: Duration) {
        let key = (topic.clone(), repeat.key.clone());
        let running = self.repeats.get(&key).map(|last| last.until).filter(|_| count > 1);
        let until = running.unwrap_or(now + repeat.window);
        let (value, id) = (repeat.value.clone(), repeat.id.clone());
        self.repeats.insert(key, Repeated { value, id, count, until });
    }

    fn sweep(&mut self, now: Duration) {
        if self.full_at.len() + self.repeats.len() > SWEEP {
            self.full_at.retain(|_, full_at| *full_at + Duration::from_mins(1) > now);
            self.repeats.retain(|_, last| last.until > now);
        }
    }
}

/// Returns the time at which the bucket will be full again, or the time until it has enough.
fn filled(
    full_at: Option<Duration>,
    bucket: &Bucket,
    cost: u32,
    now: Duration,
) -> Result<Duration, Duration> {
    let price = bucket.interval.saturating_mul(cost);
    if let Some(full_at) = full_at {
        let needed = full_at + price.min(bucket.capacity) + bucket.reserve;
        let wait = needed.saturating_sub(now + bucket.capacity);
        if !wait.is_zero() {
            return Err(wait);
        }
    }
    Ok(full_at.map_or(now, |full_at| full_at.max(now)) + price)
}
