//! Settlements: the result of the work on a claim, as a value that the consumer carries out.

use async_trait::async_trait;

use crate::contracts::storage::{Burial, Claim, Commit, Retry, StorageError};
use crate::engine::leases::LeaseGuard;
use crate::engine::lines::Handled;

/// End of the work on a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// Makes the commit true and removes the message from its queue.
    Complete(Commit),
    /// Leaves the message at the head of its group, to be claimed again.
    Retry(Retry),
    /// Moves the message to the dead letters.
    Bury(Burial),
    /// Hands the claim back, as if it had never been made.
    Release,
    /// Does nothing, because the lease was lost and another worker has the message.
    Abandon,
}

/// Work on the claimed messages of a queue.
#[async_trait]
pub trait Work: Send + Sync {
    /// Works on one message. Called again with the same claim when the commit conflicts.
    ///
    /// # Errors
    /// The store is unavailable and nothing has happened outside of it: the claim is released.
    async fn work(&self, claim: &Claim, lease: &LeaseGuard) -> Result<Settlement, StorageError>;

    /// Returns the line that the log gets once the commit is true, if there is one.
    fn line(&self, claim: &Claim, commit: &Commit) -> Option<Handled> {
        let _ = (claim, commit);
        None
    }

    /// Returns whether `completed` is to be called for this claim, which costs a copy of its payload.
    fn is_observed(&self, claim: &Claim) -> bool {
        let _ = claim;
        false
    }

    /// Called with the payload of an observed message once its commit is true. A crash in between
    /// skips the call.
    async fn completed(&self, payload: &str) {
        let _ = payload;
    }
}
