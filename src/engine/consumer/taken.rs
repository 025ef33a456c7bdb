//! Claims in hand.

use std::time::Duration;

use crate::contracts::storage::Claim;

/// A claim, and the uptime at which it was requested: its lease is counted from then.
pub(super) struct Taken {
    pub(super) claim: Claim,
    pub(super) requested_at: Duration,
}
