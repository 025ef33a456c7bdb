//! The moves of a message.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::claim_guard::ClaimGuard;
use super::transaction::{StorageResult, Transaction};
use super::{Sqlite, claims, commit, push, settlements};
use crate::contracts::storage::encoding::RECLAIM_LIMIT;
use crate::contracts::storage::{
    Burial, Claim, ClaimRequest, Claimed, Commit, Completed, Entry, NextClaims, Partition, Push,
    Pushed, Queue, QueueKind, Queues, Retry, Settled, StorageError, Token,
};
use crate::model::address::Group;
use crate::model::message::Wake;

#[async_trait]
impl Queues for Sqlite {
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError> {
        self.check_reserve()?;
        let partition = partition.clone();
        self.write(move |tx| push::push(tx, &partition, &push)).await
    }

    async fn claim(&self, queue: &Queue, request: &ClaimRequest) -> Result<Claimed, StorageError> {
        let writer = self.writer()?;
        let (queue, request, detached) = (queue.clone(), request.clone(), writer.detached());
        let claim = move |tx: &mut Transaction<'_>| {
            Ok(ClaimGuard::new(claims::claim(tx, &queue, &request)?, detached))
        };
        Ok(writer.run(claim).await?.take())
    }

    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        claims: &NextClaims,
    ) -> Result<Completed, StorageError> {
        let writer = self.writer()?;
        let (requests, detached) = (claims.clone(), writer.detached());
        let complete = move |tx: &mut Transaction<'_>| {
            let queue = claim.queue.clone();
            let settled = settlements::complete(tx, claim, &commit)?;
            let is_done = settled == Settled::Done;
            let mut claimed = |queue: &Queue, request: Option<ClaimRequest>| {
                let claimed = match request.filter(|_| is_done) {
                    Some(request) => claims::claim(tx, queue, &request)?,
                    None => Claimed::default(),
                };
                StorageResult::Ok(ClaimGuard::new(claimed, detached.clone()))
            };
            let next = claimed(&queue, requests.next)?;
            let owed = claimed(&Queue { kind: QueueKind::Outbox, ..queue }, requests.owed)?;
            Ok((settled, next, owed))
        };
        let (settled, next, owed) = writer.run(complete).await?;
        Ok(Completed { settled, next: next.take(), owed: owed.take() })
    }

    async fn retry(&self, claim: Claim, retry: Retry) -> Result<Settled, StorageError> {
        self.write(move |tx| settlements::retry(tx, &claim, &retry)).await
    }

    async fn release(&self, claim: Claim) -> Result<Settled, StorageError> {
        self.write(move |tx| settlements::release(tx, &claim)).await
    }

    async fn bury(&self, claim: Claim, burial: Burial) -> Result<Settled, StorageError> {
        self.write(move |tx| settlements::bury(tx, &claim, &burial)).await
    }

    async fn extend(
        &self,
        queue: &Queue,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Result<Vec<Group>, StorageError> {
        let (queue, claims) = (queue.clone(), claims.to_vec());
        self.write(move |tx| claims::extend(tx, &queue, lease, &claims)).await
    }

    async fn reclaim(&self, queue: &Queue) -> Result<u64, StorageError> {
        let queue = queue.clone();
        self.write(move |tx| {
            let row = tx.ensure_partition(&queue.partition)?;
            claims::reclaim(tx, &row, queue.kind, RECLAIM_LIMIT)
        })
        .await
    }

    async fn schedule(
        &self,
        partition: &Partition,
        wake: Wake,
        due: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        let (partition, wake) = (partition.clone(), Entry::wake(wake));
        self.write(move |tx| {
            let row = tx.ensure_partition(&partition)?;
            commit::wake(tx, &row, &wake, Some(due))
        })
        .await
    }

    async fn wait(&self, queue: &Queue, patience: Duration) -> Result<(), StorageError> {
        let notifier = self.notifiers.queue(queue);
        // The caller looks into the queue after a timeout, too.
        let _ = tokio::time::timeout(patience, notifier.notified()).await;
        Ok(())
    }
}
