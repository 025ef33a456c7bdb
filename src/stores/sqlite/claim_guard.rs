//! A claim on its way to the caller.

use super::db_thread::DetachedJobs;
use super::settlements;
use crate::contracts::storage::Claimed;

/// A claim that is released when its caller is gone before it arrives. Left to its lease, its message
/// would come to look like one that kills workers.
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
        if let Some(Claimed::Message(claim)) = self.claimed.take() {
            self.detached.send(move |tx| settlements::release(tx, &claim));
        }
    }
}
