//! Upkeep: depths, audits, retention.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use redis::{Value, cmd};

use super::call::{PlainCommand, ScriptCall};
use super::keys::{self, kind_prefix, queue_prefix};
use super::reply::decode;
use super::{Redis, scripts};
use crate::contracts::storage::{
    Audit, Depth, Earlier, Health, Partition, Queue, Reading, Retention, STEP, StorageError, Upkeep,
};
use crate::model::clock::millis;
use crate::model::topic::TopicName;

/// Number of groups that one call of an audit checks, so that other callers do not wait long.
const BATCH: usize = 64;

#[async_trait]
impl Upkeep for Redis {
    async fn depth(&self, queue: &Queue) -> Result<Depth, StorageError> {
        let call = ScriptCall::new(&scripts::DEPTH, &queue.partition)
            .without_replicas()
            .arg(kind_prefix(queue.kind));
        let (pending, ready, leased, delayed, suspect, scheduled, dead) =
            decode::<(u64, u64, u64, u64, u64, u64, u64)>(self.shared.send(&call).await?)?;
        Ok(Depth { pending, ready, leased, delayed, suspect, scheduled, dead })
    }

    async fn audit(&self, queue: &Queue, every: Duration) -> Result<Option<Audit>, StorageError> {
        let prefix = queue_prefix(queue);
        if !self.pass_gate(&queue.partition, format!("{prefix}audited"), every).await? {
            return Ok(None);
        }
        self.audit_all(queue, &format!("{prefix}g:")).await.map(Some)
    }

    async fn trim(
        &self,
        partition: &Partition,
        retention: Retention,
        every: Duration,
    ) -> Result<(), StorageError> {
        let call = ScriptCall::new(&scripts::TRIM, partition)
            .without_replicas()
            .millis(every.max(Duration::from_millis(1)))
            .millis(retention.events)
            .millis(retention.dead_letters);
        self.shared.send(&call).await.map(drop)
    }

    async fn take_turn(
        &self,
        partition: &Partition,
        work: &str,
        every: Duration,
    ) -> Result<bool, StorageError> {
        self.pass_gate(partition, format!("{}turn:{work}", keys::tag(partition)), every).await
    }

    async fn remember_partitions(
        &self,
        topic: &TopicName,
        count: u16,
    ) -> Result<u16, StorageError> {
        let key = keys::partition_count(topic);
        let mut remember = cmd("SET");
        remember.arg(&key).arg(count).arg("NX");
        self.shared.send(&PlainCommand { key, command: remember }).await?;
        Ok(self.known_partitions(topic).await?.unwrap_or(count))
    }

    async fn known_partitions(&self, topic: &TopicName) -> Result<Option<u16>, StorageError> {
        let key = keys::partition_count(topic);
        let mut read = cmd("GET");
        read.arg(&key);
        decode(self.shared.send(&PlainCommand { key, command: read }).await?)
    }

    async fn change_partitions(&self, topic: &TopicName, count: u16) -> Result<(), StorageError> {
        let key = keys::partition_count(topic);
        let mut change = cmd("SET");
        change.arg(&key).arg(count);
        self.shared.send(&PlainCommand { key, command: change }).await.map(drop)
    }

    async fn time(&self) -> Result<DateTime<Utc>, StorageError> {
        let read = PlainCommand { key: String::new(), command: cmd("TIME") };
        let (seconds, micros): (i64, i64) = decode(self.shared.send(&read).await?)?;
        time_of(seconds * 1_000 + micros / 1_000)
    }

    async fn keep_time(
        &self,
        partition: &Partition,
        earlier: Option<Earlier>,
    ) -> Result<Reading, StorageError> {
        let call = ScriptCall::new(&scripts::KEEP_TIME, partition).without_replicas();
        // A call that comes late would take the delay for a step.
        let call = call.patience(STEP / 3);
        let call = match earlier {
            None => call.arg("").arg(""),
            Some(Earlier { at, elapsed }) => call.arg(at.timestamp_millis()).millis(elapsed),
        };
        let (at, step, moved) = decode::<(i64, i64, u64)>(self.shared.send(&call).await?)?;
        let step = (step != 0).then(|| TimeDelta::milliseconds(step));
        Ok(Reading { at: time_of(at)?, step, moved })
    }

    async fn health(&self) -> Result<Health, StorageError> {
        self.check_health().await
    }
}

fn time_of(millis: i64) -> Result<DateTime<Utc>, StorageError> {
    let time = DateTime::from_timestamp_millis(millis);
    time.ok_or_else(|| StorageError::Corrupt("the server's clock is out of range".to_owned()))
}

impl Redis {
    /// Tests whether periodic work is due. When it is, it is not again before `every` is over.
    async fn pass_gate(
        &self,
        partition: &Partition,
        gate: String,
        every: Duration,
    ) -> Result<bool, StorageError> {
        let every = millis(every).max(1);
        let mut close = cmd("SET");
        close.arg(&gate).arg(1).arg("PX").arg(every);
        let mut pass = close.clone();
        if self.send_pooled(partition, pass.arg("NX")).await? != Value::Nil {
            return Ok(true);
        }
        let mut left = cmd("PTTL");
        left.arg(&gate);
        let left: i64 = decode(self.send_pooled(partition, &left).await?)?;
        // A gate that stays closed for longer than it was closed for was closed by a clock that was ahead.
        let is_wrong = u64::try_from(left).is_ok_and(|left| left > every + millis(STEP));
        if is_wrong {
            self.send_pooled(partition, &close).await?;
        }
        Ok(is_wrong)
    }

    /// Audits all groups that have messages, in batches. `lists` is the prefix of their lists.
    async fn audit_all(&self, queue: &Queue, lists: &str) -> Result<Audit, StorageError> {
        // A tag contains no character that has a meaning in a pattern.
        let pattern = format!("{lists}*");
        let (mut audit, mut cursor) = (Audit::default(), String::from("0"));
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(500);
            let reply = self.send_pooled(&queue.partition, &scan).await?;
            let (next, keys): (String, Vec<String>) = decode(reply)?;
            let groups: Vec<&str> = keys.iter().filter_map(|key| key.strip_prefix(lists)).collect();
            for batch in groups.chunks(BATCH) {
                let call =
                    ScriptCall::new(&scripts::AUDIT, &queue.partition).arg(kind_prefix(queue.kind));
                let call = batch.iter().fold(call, |call, group| call.arg(*group));
                audit.groups += batch.len() as u64;
                audit.mended += decode::<u64>(self.shared.send(&call).await?)?;
            }
            if next == "0" {
                return Ok(audit);
            }
            cursor = next;
        }
    }
}
