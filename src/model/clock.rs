//! Injected clock, so that tests control time.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Largest difference between the clocks of the store, of our processes and of a provider at which a message
/// that was sent is found: an hour, and a minute for times in whole seconds and late answers.
pub const MAX_SKEW: TimeDelta = TimeDelta::minutes(61);

/// Difference between two clocks that an operator is told of.
pub const NOTABLE_SKEW: TimeDelta = TimeDelta::seconds(10);

/// Source of time of the engines and of the embedded store. Times that several processes must agree on
/// (leases, due times) come from Redis instead, read inside its scripts.
pub trait Clock: Send + Sync {
    /// Wall-clock time, for records and for display.
    fn now(&self) -> DateTime<Utc>;

    /// Monotonic time that includes suspension of the machine, for durations.
    fn uptime(&self) -> Duration;
}

/// Converts a duration to whole milliseconds, the unit of every stored time.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Clock of the operating system.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn uptime(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or_default(),
            u32::try_from(time.tv_nsec).unwrap_or_default(),
        )
    }
}

/// Clock for tests, which moves only when it is advanced.
#[derive(Debug)]
pub struct ManualClock {
    start: Mutex<DateTime<Utc>>,
    elapsed: Mutex<Duration>,
}

impl ManualClock {
    pub fn new(start: DateTime<Utc>) -> Self {
        Self { start: Mutex::new(start), elapsed: Mutex::default() }
    }

    /// Sets the wall clock forward or back, as somebody does who corrects it.
    pub fn step(&self, by: TimeDelta) {
        *self.start.lock().expect("no holder of this lock panics") += by;
    }

    pub fn advance(&self, by: Duration) {
        *self.elapsed.lock().expect("no holder of this lock panics") += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.start.lock().expect("no holder of this lock panics") + self.uptime()
    }

    fn uptime(&self) -> Duration {
        *self.elapsed.lock().expect("no holder of this lock panics")
    }
}
