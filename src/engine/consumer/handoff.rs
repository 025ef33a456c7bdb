//! Handoff: messages that a completion puts into the outbox are claimed by the same call of the store, for
//! the consumer of that outbox in this process, when it has slots for them. No doorbell has to ring.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::taken::Taken;
use super::{Consumer, MAX_CLAIMS};
use crate::contracts::storage::{Claim, ClaimRequest, Commit};

/// Slots of an outbox's consumer for the messages of a commit.
pub(super) struct Handoff {
    outbox: Arc<Consumer>,
    slots: Vec<OwnedSemaphorePermit>,
}

impl Consumer {
    /// Takes slots for the messages of a commit; none when the outbox has none free.
    pub(super) fn handoff(&self, commit: &Commit) -> Option<Handoff> {
        let outbox = self.config.outbox.as_ref()?;
        let slots = outbox.free_slots(commit.outbox.len().min(MAX_CLAIMS));
        (!slots.is_empty()).then(|| Handoff { outbox: Arc::clone(outbox), slots })
    }
}

impl Handoff {
    pub(super) fn request(&self) -> ClaimRequest {
        self.outbox.request(self.slots.len(), false)
    }

    /// Works on the messages that were claimed, each in a slot.
    pub(super) fn take(self, claims: Vec<Claim>, requested_at: Duration, stop: &CancellationToken) {
        for (claim, slot) in claims.into_iter().zip(self.slots) {
            let taken = Taken { claim, requested_at };
            tokio::spawn(Arc::clone(&self.outbox).chain(taken, slot, stop.clone()));
        }
    }
}
