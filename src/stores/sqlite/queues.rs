//! The moves of a message.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::claim_guard::ClaimGuard;
use super::settlements::Verdict;
use super::transaction::Transaction;
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
        let claim = move |tx: &mut Transaction<'_>| claims::claim(tx, &queue, &request);
        let guard = move |claimed| ClaimGuard::new(claimed, detached);
        Ok(writer.run_sealed(claim, guard).await?.take())
    }

    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        claims: &NextClaims,
    ) -> Result<Completed, StorageError> {
        let writer = self.writer()?;
        let (requests, detached, claim) = (claims.clone(), writer.detached(), Arc::new(claim));
        let ours = Arc::clone(&claim);
        let complete = move |tx: &mut Transaction<'_>| {
            let verdict = settlements::complete(tx, &ours, &commit)?;
            let mut claimed = |queue: &Queue, request: &Option<ClaimRequest>| match request
                .as_ref()
                .filter(|_| verdict == Verdict::Done)
            {
                Some(request) => claims::claim(tx, queue, request),
                None => Ok(Claimed::default()),
            };
            let next = claimed(&ours.queue, &requests.next)?;
            let outbox = Queue { kind: QueueKind::Outbox, ..ours.queue.clone() };
            let owed = claimed(&outbox, &requests.owed)?;
            Ok((verdict, next, owed))
        };
        let guard = move |(verdict, next, owed)| {
            let guard = |claimed| ClaimGuard::new(claimed, detached.clone());
            (verdict, guard(next), guard(owed))
        };
        let (verdict, next, owed): (Verdict, _, _) = writer.run_sealed(complete, guard).await?;
        let claim = Arc::into_inner(claim).expect("the thread gives it back before it answers");
        Ok(Completed { settled: verdict.of(claim), next: next.take(), owed: owed.take() })
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
