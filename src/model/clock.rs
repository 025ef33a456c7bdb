//! Time, handed in, so that a test can hold it still.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Where an engine gets its time from, and a store that is in one process. What must agree between
/// processes (leases, due times) is Redis' own time instead, read inside its scripts.
pub trait Clock: Send + Sync {
    /// Wall-clock time: for records and for people.
    fn now(&self) -> DateTime<Utc>;

    /// Time that never jumps and goes on while the machine is suspended: for "how long ago".
    fn uptime(&self) -> Duration;
}

/// A span of time in whole milliseconds, the unit of every time that is stored or counted.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The machine's clock.
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

/// A clock that stands still until it is told to go on.
#[derive(Debug)]
pub struct ManualClock {
    start: DateTime<Utc>,
    elapsed: Mutex<Duration>,
}

impl ManualClock {
    pub fn new(start: DateTime<Utc>) -> Self {
        Self { start, elapsed: Mutex::default() }
    }

    pub fn advance(&self, by: Duration) {
        *self.elapsed.lock().expect("no holder of this lock panics") += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.start + self.uptime()
    }

    fn uptime(&self) -> Duration {
        *self.elapsed.lock().expect("no holder of this lock panics")
    }
}
