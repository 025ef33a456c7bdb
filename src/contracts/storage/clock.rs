//! Clock of a store, by which leases end and retries become due.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Least difference that counts as a step of a clock, and not as a late answer.
pub const STEP: Duration = Duration::from_secs(5);

/// Reading of the store's clock that a caller made before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    pub at: DateTime<Utc>,
    /// Time since then, by a clock that is never set.
    pub elapsed: Duration,
}

/// Reading of the store's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub at: DateTime<Utc>,
    /// Step of the clock that this call has found, for which it has moved what ends by that clock; a negative
    /// one is a step back.
    pub step: Option<TimeDelta>,
    /// Entries that were moved.
    pub moved: u64,
}
