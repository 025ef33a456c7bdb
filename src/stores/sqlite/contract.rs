//! The contract, move by move: which desk each is handed to, and what is done there.

use std::time::Duration;

use async_trait::async_trait;

use super::claims::Handover;
use super::step::Step;
use super::{Sqlite, claims, events, incoming, reads, settle, upkeep};
use crate::contracts::storage::encoding::RECLAIM_LIMIT;
use crate::contracts::storage::{
    Audit, Burial, Claim, ClaimRequest, Claimed, Commit, Completed, DeadLetter, Depth, FailedCheck,
    FeedCursor, FeedEntry, Feeds, Health, Partition, Push, Pushed, Queue, Queues, Records,
    Retention, Retry, SafetyCheck, Settled, StateReads, StorageError, Token, Upkeep,
};
use crate::model::address::Group;
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;
use crate::model::state::Member;
use crate::model::topic::TopicName;

/// How often a feed is read by who cannot hear its bell, in another process.
const PEEK: Duration = Duration::from_millis(250);

#[async_trait]
impl Queues for Sqlite {
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError> {
        self.has_room()?;
        let partition = partition.clone();
        self.write(move |step| incoming::push(step, &partition, &push)).await
    }

    async fn claim(&self, queue: &Queue, ask: &ClaimRequest) -> Result<Claimed, StorageError> {
        let writer = self.writer()?;
        let (queue, ask, back) = (queue.clone(), ask.clone(), writer.back_door());
        let claim =
            move |step: &mut Step<'_>| Ok(Handover::new(claims::claim(step, &queue, &ask)?, back));
        Ok(writer.ask(claim).await?.take())
    }

    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        next: Option<&ClaimRequest>,
    ) -> Result<Completed, StorageError> {
        let writer = self.writer()?;
        let (next, back) = (next.cloned(), writer.back_door());
        let complete = move |step: &mut Step<'_>| {
            let queue = claim.queue.clone();
            let settled = settle::complete(step, claim, &commit)?;
            let next = match next {
                Some(ask) if settled == Settled::Done => {
                    Some(Handover::new(claims::claim(step, &queue, &ask)?, back))
                }
                _ => None,
            };
            Ok((settled, next))
        };
        let (settled, next) = writer.ask(complete).await?;
        Ok(Completed { settled, next: next.map(Handover::take) })
    }

    async fn retry(&self, claim: Claim, retry: Retry) -> Result<Settled, StorageError> {
        self.write(move |step| settle::retry(step, &claim, &retry)).await
    }

    async fn release(&self, claim: Claim) -> Result<Settled, StorageError> {
        self.write(move |step| settle::release(step, &claim)).await
    }

    async fn bury(&self, claim: Claim, burial: Burial) -> Result<Settled, StorageError> {
        self.write(move |step| settle::bury(step, &claim, &burial)).await
    }

    async fn extend(
        &self,
        queue: &Queue,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Result<Vec<Group>, StorageError> {
        let (queue, claims) = (queue.clone(), claims.to_vec());
        self.write(move |step| claims::extend(step, &queue, lease, &claims)).await
    }

    async fn reclaim(&self, queue: &Queue) -> Result<u64, StorageError> {
        let queue = queue.clone();
        self.write(move |step| {
            let home = step.home(&queue.partition)?;
            claims::bring_back(step, &home, queue.kind, RECLAIM_LIMIT)
        })
        .await
    }

    async fn wait(&self, queue: &Queue, patience: Duration) -> Result<(), StorageError> {
        let bell = self.bells.of(queue);
        // Whoever hears nothing goes on all the same.
        let _ = tokio::time::timeout(patience, bell.notified()).await;
        Ok(())
    }
}

#[async_trait]
impl StateReads for Sqlite {
    async fn values(
        &self,
        partition: &Partition,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StorageError> {
        let (partition, keys) = (partition.clone(), keys.to_vec());
        self.read(move |step| reads::values(step, &partition, &keys)).await
    }

    async fn members(
        &self,
        partition: &Partition,
        pool: &str,
        limit: usize,
    ) -> Result<Vec<Member>, StorageError> {
        let (partition, pool) = (partition.clone(), pool.to_owned());
        self.read(move |step| reads::members(step, &partition, &pool, limit)).await
    }

    async fn size(&self, partition: &Partition, pool: &str) -> Result<u64, StorageError> {
        let (partition, pool) = (partition.clone(), pool.to_owned());
        self.read(move |step| reads::size(step, &partition, &pool)).await
    }

    async fn total(&self, partition: &Partition, counter: &str) -> Result<i64, StorageError> {
        let (partition, counter) = (partition.clone(), counter.to_owned());
        self.read(move |step| reads::total(step, &partition, &counter)).await
    }
}

#[async_trait]
impl Records for Sqlite {
    async fn record(&self, partition: &Partition, facts: Facts) -> Result<(), StorageError> {
        self.has_room()?;
        let partition = partition.clone();
        self.write(move |step| incoming::note(step, &partition, &facts)).await
    }

    async fn events(
        &self,
        partition: &Partition,
        message: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError> {
        let (partition, message) = (partition.clone(), message.cloned());
        self.read(move |step| events::events(step, &partition, message.as_ref())).await
    }

    async fn known_sent(
        &self,
        partition: &Partition,
        provider_ids: &[String],
    ) -> Result<Vec<bool>, StorageError> {
        let (partition, ids) = (partition.clone(), provider_ids.to_vec());
        self.read(move |step| reads::known_sent(step, &partition, &ids)).await
    }
}

#[async_trait]
impl Feeds for Sqlite {
    async fn publish(&self, feed: &str, line: &str, keep: u64) -> Result<(), StorageError> {
        self.has_room()?;
        let (feed, line) = (feed.to_owned(), line.to_owned());
        self.write(move |step| incoming::publish(step, feed, &line, keep)).await
    }

    async fn follow(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<FeedEntry>, StorageError> {
        let after = events::place(after)?;
        let follower = self.bells.follow(feed);
        let mut over = std::pin::pin!(tokio::time::sleep(patience));
        loop {
            let mut line = std::pin::pin!(follower.listen());
            // From here on, before it is read, so that no line falls in between.
            line.as_mut().enable();
            let lines = self.lines(feed, after).await?;
            if !lines.is_empty() || patience.is_zero() {
                return Ok(lines);
            }
            tokio::select! {
                () = &mut over => return Ok(Vec::new()),
                () = line => {}
                () = tokio::time::sleep(PEEK), if self.writer.is_none() => {}
            }
        }
    }
}

#[async_trait]
impl Upkeep for Sqlite {
    async fn depth(&self, queue: &Queue) -> Result<Depth, StorageError> {
        let queue = queue.clone();
        self.read(move |step| reads::depth(step, &queue)).await
    }

    async fn dead_letters(
        &self,
        queue: &Queue,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StorageError> {
        let queue = queue.clone();
        self.read(move |step| reads::dead_letters(step, &queue, limit)).await
    }

    async fn audit(&self, queue: &Queue, every: Duration) -> Result<Option<Audit>, StorageError> {
        let asked = queue.clone();
        if !self.write(move |step| upkeep::may_audit(step, &asked, every)).await? {
            return Ok(None);
        }
        let asked = queue.clone();
        let survey = self.read(move |step| upkeep::survey(step, &asked)).await?;
        let asked = queue.clone();
        self.write(move |step| upkeep::mend(step, &asked, &survey)).await.map(Some)
    }

    async fn trim(
        &self,
        partition: &Partition,
        retention: Retention,
        every: Duration,
    ) -> Result<(), StorageError> {
        let partition = partition.clone();
        self.write(move |step| upkeep::trim(step, &partition, retention, every)).await
    }

    async fn remember_partitions(
        &self,
        topic: &TopicName,
        count: u16,
    ) -> Result<u16, StorageError> {
        let topic = topic.clone();
        self.write(move |step| upkeep::remember_partitions(step, &topic, count)).await
    }

    async fn known_partitions(&self, topic: &TopicName) -> Result<Option<u16>, StorageError> {
        let topic = topic.clone();
        self.read(move |step| upkeep::known_partitions(step, &topic)).await
    }

    async fn change_partitions(&self, topic: &TopicName, count: u16) -> Result<(), StorageError> {
        let topic = topic.clone();
        self.write(move |step| upkeep::change_partitions(step, &topic, count)).await
    }

    async fn health(&self) -> Result<Health, StorageError> {
        if self.writer.is_some() {
            self.write(|_| Ok(())).await?;
        }
        self.read(|step| step.figure("SELECT count(*) FROM partitions", ())).await?;
        let check = SafetyCheck::EphemeralDisk;
        let ephemeral = self.ephemeral.iter().cloned();
        Ok(Health {
            degraded: self.shortage().into_iter().collect(),
            fatal: ephemeral.map(|reason| FailedCheck { check, reason }).collect(),
        })
    }
}
