//! Claims on their way to the caller.

use super::db_thread::DetachedJobs;
use super::settlements;
use crate::contracts::storage::Claimed;

/// Claims that are released when their caller is gone before they arrive. Left to their lease, their
/// messages would come to look like some that kill workers.
pub(super) struct ClaimGuard {
    claimed: Option<Claimed>,
    detached: DetachedJobs,
}

impl ClaimGuard {
    pub(super) fn new(claimed: Claimed, detached: DetachedJobs) -> Self {
        Self { claimed: Some(claimed), detached }
    }

    pub(super) fn take(mut self) -> Claimed {
        self.claimed.take().expect("it is taken once, since that consumes the guard")
    }
}

impl Drop for ClaimGuard {
    fn drop(&mut self) {
        for claim in self.claimed.take().unwrap_or_default().claims {
            self.detached.send(move |tx| settlements::release(tx, &claim));
        }
    }
}
