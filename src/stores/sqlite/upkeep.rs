//! Upkeep: depths, retention, partition counts, health.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::params;

use super::tallies::Tally;
use super::transaction::{StorageResult, Transaction, to_i64};
use super::{Sqlite, commit, depth, feeds, records};
use crate::contracts::storage::{
    Audit, Depth, Earlier, FailedCheck, Health, Partition, Queue, QueueKind, Reading, Retention,
    SafetyCheck, StorageError, Upkeep,
};
use crate::model::topic::TopicName;

#[async_trait]
impl Upkeep for Sqlite {
    async fn depth(&self, queue: &Queue) -> Result<Depth, StorageError> {
        let queue = queue.clone();
        match &self.writer {
            Some(_) => self.write(move |tx| depth::depth(tx, &queue)).await,
            None => self.read(move |tx| depth::counted_depth(tx, &queue)).await,
        }
    }

    async fn audit(&self, queue: &Queue, every: Duration) -> Result<Option<Audit>, StorageError> {
        self.audit_queue(queue, every).await
    }

    async fn trim(
        &self,
        partition: &Partition,
        retention: Retention,
        every: Duration,
    ) -> Result<(), StorageError> {
        let partition = partition.clone();
        self.write(move |tx| trim(tx, &partition, retention, every)).await
    }

    async fn take_turn(
        &self,
        partition: &Partition,
        work: &str,
        every: Duration,
    ) -> Result<bool, StorageError> {
        let (partition, gate) = (partition.clone(), format!("turn:{work}"));
        self.write(move |tx| {
            let row = tx.ensure_partition(&partition)?;
            pass_gate(tx, &gate, row.number, every)
        })
        .await
    }

    async fn remember_partitions(
        &self,
        topic: &TopicName,
        count: u16,
    ) -> Result<u16, StorageError> {
        let topic = topic.clone();
        self.write(move |tx| remember_partitions(tx, &topic, count)).await
    }

    async fn known_partitions(&self, topic: &TopicName) -> Result<Option<u16>, StorageError> {
        let topic = topic.clone();
        self.read(move |tx| known_partitions(tx, &topic)).await
    }

    async fn change_partitions(&self, topic: &TopicName, count: u16) -> Result<(), StorageError> {
        let topic = topic.clone();
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO topics (name, partitions) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET partitions = excluded.partitions",
                params![topic.as_str(), count],
            )
        })
        .await
        .map(drop)
    }

    async fn time(&self) -> Result<DateTime<Utc>, StorageError> {
        self.read(|tx| Ok(time_of(tx))).await
    }

    /// The steps are found by the thread that writes.
    async fn keep_time(&self, _: &Partition, _: Option<Earlier>) -> Result<Reading, StorageError> {
        let at = self.write(|tx| Ok(time_of(tx))).await?;
        let (step, moved) =
            self.steps.take().map_or((None, 0), |(step, moved)| (Some(step), moved));
        Ok(Reading { at, step, moved })
    }

    async fn health(&self) -> Result<Health, StorageError> {
        if self.writer.is_some() {
            self.write(|_| Ok(())).await?;
        }
        self.read(|tx| tx.query_number("SELECT count(*) FROM partitions", ())).await?;
        let check = SafetyCheck::EphemeralDisk;
        let ephemeral = self.ephemeral.iter().cloned();
        Ok(Health {
            degraded: self.shortage().into_iter().collect(),
            fatal: ephemeral.map(|reason| FailedCheck { check, reason }).collect(),
        })
    }
}

fn time_of(tx: &Transaction<'_>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(tx.now).unwrap_or_default()
}

/// Tests whether periodic work is due. When it is, it is not again before `every` is over.
pub(super) fn pass_gate(
    tx: &Transaction<'_>,
    gate: &str,
    number: i64,
    every: Duration,
) -> StorageResult<bool> {
    let passed = tx.execute(
        "INSERT INTO gates (gate, number, until) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET until = excluded.until WHERE until <= ?4",
        params![gate, number, tx.in_future(every.max(Duration::from_millis(1))), tx.now],
    )?;
    Ok(passed > 0)
}

/// Removes what has been kept long enough, no more often than asked.
fn trim(
    tx: &Transaction<'_>,
    partition: &Partition,
    retention: Retention,
    every: Duration,
) -> StorageResult<()> {
    let row = tx.ensure_partition(partition)?;
    if !pass_gate(tx, "trim", row.number, every)? {
        return Ok(());
    }
    records::remove_older(tx, &row, tx.in_past(retention.events))?;
    let since = tx.in_past(retention.dead_letters);
    for kind in [QueueKind::Inbound, QueueKind::Outbox] {
        let old = "DELETE FROM dead_letters WHERE queue = ?1 AND at < ?2";
        let removed = tx.execute(old, [row.queue(kind), since])?;
        tx.count(row.queue(kind), Tally::dead(-to_i64(removed)));
    }
    feeds::remove_expired(tx)?;
    commit::remove_expired(tx, &row)
}

/// Returns the partition count that is remembered for a topic. Remembers `count` when there is none.
fn remember_partitions(tx: &Transaction<'_>, topic: &TopicName, count: u16) -> StorageResult<u16> {
    let insert = "INSERT INTO topics (name, partitions) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    tx.execute(insert, params![topic.as_str(), count])?;
    Ok(known_partitions(tx, topic)?.unwrap_or(count))
}

/// Returns the partition count that is remembered for a topic.
fn known_partitions(tx: &Transaction<'_>, topic: &TopicName) -> StorageResult<Option<u16>> {
    let known = "SELECT partitions FROM topics WHERE name = ?1";
    let Some(known) = tx.query_number(known, params![topic.as_str()])? else { return Ok(None) };
    u16::try_from(known)
        .map(Some)
        .map_err(|_| StorageError::Corrupt(format!("the topic {topic} has {known} partitions")))
}
