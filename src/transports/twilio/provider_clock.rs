//! Twilio's clock, as the `Date` of its last answer shows it.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::clock::{Clock, SystemClock};

#[derive(Default)]
pub(super) struct ProviderClock(Mutex<Option<TimeDelta>>);

impl ProviderClock {
    /// Compares our clock with the date of an answer that has just come. A date has whole seconds, and is half
    /// of one late on average.
    pub(super) fn compare(&self, date: DateTime<Utc>) {
        let ahead = date + TimeDelta::milliseconds(500) - SystemClock.now();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
    }

    /// Returns the time by which Twilio's clock is ahead of ours.
    pub(super) fn ahead(&self) -> Option<TimeDelta> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
