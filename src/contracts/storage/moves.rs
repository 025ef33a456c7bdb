//! The moves of a message.

use std::time::Duration;

use async_trait::async_trait;

use super::claim::{Claim, ClaimRequest, Claimed, Token};
use super::error::StorageError;
use super::queue::{Partition, Push, Pushed, Queue};
use super::settle::{Burial, Commit, Completed, Retry, Settled};
use crate::model::address::Group;

/// The moves of a message: from its push until it is completed or buried.
#[async_trait]
pub trait Queues: Send + Sync {
    /// Appends a message to its group, once. Durable when it returns.
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError>;

    /// Takes the longest waiting ready group's head.
    async fn claim(&self, queue: &Queue, ask: &ClaimRequest) -> Result<Claimed, StorageError>;

    /// Removes the message from the head of its group and makes its commit true, in one step.
    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        next: Option<&ClaimRequest>,
    ) -> Result<Completed, StorageError>;

    /// Leaves the message at the head of its group, which is claimed again after a while.
    async fn retry(&self, claim: Claim, retry: Retry) -> Result<Settled, StorageError>;

    /// Hands a claim back untouched, as if it had never been made.
    async fn release(&self, claim: Claim) -> Result<Settled, StorageError>;

    /// Moves the message from the head of its group to the dead letters.
    async fn bury(&self, claim: Claim, burial: Burial) -> Result<Settled, StorageError>;

    /// Extends the leases that are still ours, and answers which are not.
    async fn extend(
        &self,
        queue: &Queue,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Result<Vec<Group>, StorageError>;

    /// Makes groups ready whose lease has ended, whose retry is due, or which a wake is due for;
    /// answers how many.
    async fn reclaim(&self, queue: &Queue) -> Result<u64, StorageError>;

    /// Waits until something may be ready, at most for `patience`. Never the only way to notice: it
    /// may return early, or late.
    async fn wait(&self, queue: &Queue, patience: Duration) -> Result<(), StorageError>;
}
