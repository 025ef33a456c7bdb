//! The clock that dates a script's messages.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::clock::{Clock, ManualClock};

/// The harness' clock, unless the script gives the next message a date of its own.
pub(super) struct ScriptClock {
    clock: Arc<ManualClock>,
    date: Mutex<Option<DateTime<Utc>>>,
}

impl ScriptClock {
    pub(super) fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, date: Mutex::default() }
    }

    /// Sets the date of the next message, or follows the clock again.
    pub(super) fn set_date(&self, date: Option<DateTime<Utc>>) {
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = date;
    }
}

impl Clock for ScriptClock {
    fn now(&self) -> DateTime<Utc> {
        let date = *self.date.lock().unwrap_or_else(PoisonError::into_inner);
        date.unwrap_or_else(|| self.clock.now())
    }

    fn uptime(&self) -> Duration {
        self.clock.uptime()
    }
}
