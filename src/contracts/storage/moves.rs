//! Moves of a message.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::claim::{Claim, ClaimRequest, Claimed, NextClaims, Token};
use super::error::StorageError;
use super::push::{Push, Pushed};
use super::queue::{Partition, Queue};
use super::settle::{Burial, Commit, Completed, Retry, Settled};
use crate::model::address::Group;
use crate::model::message::Wake;

/// Moves of a message, from its push until it is completed or buried.
#[async_trait]
pub trait Queues: Send + Sync {
    /// Appends a message to its group, once. Durable when it returns.
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError>;

    /// Claims the heads of the groups that have been ready for longest.
    async fn claim(&self, queue: &Queue, ask: &ClaimRequest) -> Result<Claimed, StorageError>;

    /// Removes the message from the head of its group and makes its commit true, in one step. Makes the
    /// claims in the same round trip, if the message was completed.
    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        claims: &NextClaims,
    ) -> Result<Completed, StorageError>;

    /// Leaves the message at the head of its group, to be claimed again after a delay.
    async fn retry(&self, claim: Claim, retry: Retry) -> Result<Settled, StorageError>;

    /// Hands a claim back, as if it had never been made.
    async fn release(&self, claim: Claim) -> Result<Settled, StorageError>;

    /// Moves the message from the head of its group to the dead letters.
    async fn bury(&self, claim: Claim, burial: Burial) -> Result<Settled, StorageError>;

    /// Extends leases, and returns the groups whose claim has been lost.
    async fn extend(
        &self,
        queue: &Queue,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Result<Vec<Group>, StorageError>;

    /// Makes groups ready whose lease has expired, whose retry is due or for which a wake is due, at
    /// most [`RECLAIM_LIMIT`](super::encoding::RECLAIM_LIMIT) of each. Returns their number.
    async fn reclaim(&self, queue: &Queue) -> Result<u64, StorageError>;

    /// Schedules a wake without a commit. An equal wake that is not due yet, of the same group, name
    /// and data, moves to the new time. A failover of the store may undo it, so callers repeat it
    /// before it is due.
    async fn schedule(
        &self,
        partition: &Partition,
        wake: Wake,
        due: DateTime<Utc>,
    ) -> Result<(), StorageError>;

    /// Waits until a message may be ready, at most for `patience`. It may return early or late, so a
    /// consumer must not rely on it alone.
    async fn wait(&self, queue: &Queue, patience: Duration) -> Result<(), StorageError>;
}
