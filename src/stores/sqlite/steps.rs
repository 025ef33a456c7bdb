//! Steps of the clock. The thread that writes compares it with one that is never set, before each transaction:
//! what was set before a step is moved along before anything is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::transaction::{StorageResult, Transaction, to_i64, to_u64};
use crate::contracts::storage::STEP;
use crate::model::clock::Clock;

/// Steps that were found and not told yet: their sum, and the number of rows that were moved.
#[derive(Default)]
pub(super) struct Steps(Mutex<Option<(TimeDelta, u64)>>);

impl Steps {
    pub(super) fn take(&self) -> Option<(TimeDelta, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn add(&self, step: TimeDelta, moved: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (sum, rows) = known.unwrap_or_default();
        *known = Some((sum + step, rows + moved));
    }
}

/// Watch over the clock.
pub(super) struct Watch {
    clock: Arc<dyn Clock>,
    /// The clock at the last transaction, and the uptime.
    last: (DateTime<Utc>, Duration),
    /// Step for which the current transaction has moved so many rows.
    found: Option<(TimeDelta, u64)>,
    steps: Arc<Steps>,
}

impl Watch {
    pub(super) fn new(clock: Arc<dyn Clock>, steps: Arc<Steps>) -> Self {
        Self { last: (clock.now(), clock.uptime()), clock, found: None, steps }
    }

    /// Returns the step since the last transaction that was committed.
    pub(super) fn step(&self) -> Option<TimeDelta> {
        let (then, uptime) = self.last;
        let elapsed = self.clock.uptime().saturating_sub(uptime);
        let step = self.clock.now() - then - TimeDelta::from_std(elapsed).ok()?;
        (step.abs() >= TimeDelta::from_std(STEP).ok()?).then_some(step)
    }

    /// Notes that rows were moved, unless the transaction is rolled back.
    pub(super) fn found(&mut self, step: TimeDelta, moved: u64) {
        self.found = Some((step, moved));
    }

    pub(super) fn rolled_back(&mut self) {
        self.found = None;
    }

    pub(super) fn committed(&mut self) {
        self.last = (self.clock.now(), self.clock.uptime());
        if let Some((step, moved)) = self.found.take() {
            self.steps.add(step, moved);
        }
    }
}

/// Moves everything that ends by the clock, but for wakes, which are due at times of the calendar. Returns the
/// number of rows.
pub(super) fn move_ends(tx: &Transaction<'_>, step: TimeDelta) -> StorageResult<u64> {
    let step = [step.num_milliseconds()];
    let waiting = "UPDATE mailboxes SET at = at + ?1 WHERE status IN ('leased', 'delayed')";
    let moved =
        tx.execute(waiting, step)? + tx.execute("UPDATE pauses SET until = until + ?1", step)?;
    tx.execute("UPDATE gates SET until = until + ?1", step)?;
    tx.memo.borrow_mut().forget_quiet();
    Ok(to_u64(to_i64(moved)))
}
