//! What is not hurried: audits, depths, dead letters, and whether this Redis can keep our promises.

use std::collections::HashMap;
use std::time::Duration;

use redis::{Cmd, Value, cmd};

use super::claims::{decode, message};
use super::error::give_up;
use super::events::{self, stream_time};
use super::keys::{kind, tag};
use super::{Redis, call::Call, scripts};
use crate::contracts::storage::{
    Audit, DeadLetter, Depth, FailedCheck, Health, Partition, Queue, SafetyCheck, StorageError,
};
use crate::model::address::Group;
use crate::model::event::Event;

/// Groups looked at in one call of an audit, so that nobody waits for it.
const BATCH: usize = 64;
/// Entries of a stream read in one call, likewise.
const PAGE: usize = 1_000;

impl Redis {
    async fn cold(&self, partition: &Partition, command: &Cmd) -> Result<Value, StorageError> {
        let mut loan = self.pool.lend().await?;
        loan.send(command, &tag(partition)).await.map_err(|error| give_up(&error))
    }

    /// A page of a partition's events and the id of its last entry; nothing when there are no more.
    pub(super) async fn page_of_events(
        &self,
        partition: &Partition,
        after: &str,
    ) -> Result<Option<(String, Vec<Event>)>, StorageError> {
        let mut command = cmd("XRANGE");
        command.arg(format!("{}ev", tag(partition))).arg(after).arg("+").arg("COUNT").arg(PAGE);
        events::read(self.cold(partition, &command).await?)
    }

    pub(super) async fn measure(&self, queue: &Queue) -> Result<Depth, StorageError> {
        let call = Call::new(&scripts::DEPTH, &queue.partition).fleeting().arg(kind(queue.kind));
        let (pending, ready, leased, delayed, suspect, scheduled, dead) =
            decode::<(u64, u64, u64, u64, u64, u64, u64)>(self.hot.ask(&call).await?)?;
        Ok(Depth { pending, ready, leased, delayed, suspect, scheduled, dead })
    }

    pub(super) async fn read_dead(
        &self,
        queue: &Queue,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StorageError> {
        let key = format!("{}{}dead", tag(&queue.partition), kind(queue.kind));
        let mut command = cmd("XREVRANGE");
        command.arg(key).arg("+").arg("-").arg("COUNT").arg(limit);
        let entries: Vec<(String, HashMap<String, String>)> =
            decode(self.cold(&queue.partition, &command).await?)?;
        let letter = |(entry, mut fields): (String, HashMap<String, String>)| {
            let mut field = |name: &str| fields.remove(name);
            let head = field("h")?;
            let (_, id, payload) = message(&head).ok()?;
            Some(DeadLetter {
                group: Group::from_id(field("g")?),
                id,
                payload,
                reason: field("r")?,
                at: stream_time(&entry)?,
            })
        };
        entries
            .into_iter()
            .map(|entry| {
                letter(entry).ok_or_else(|| StorageError::Corrupt("a dead letter".to_owned()))
            })
            .collect()
    }

    /// One pass over all groups that have messages, a few at a time.
    pub(super) async fn look_over(
        &self,
        queue: &Queue,
        every: Duration,
    ) -> Result<Option<Audit>, StorageError> {
        let prefix = format!("{}{}", tag(&queue.partition), kind(queue.kind));
        let partition = &queue.partition;
        let millis = crate::model::clock::millis(every).max(1);
        let mut gate = cmd("SET");
        gate.arg(format!("{prefix}audited")).arg(1).arg("NX").arg("PX").arg(millis);
        if self.cold(partition, &gate).await? == Value::Nil {
            return Ok(None);
        }
        let lists = format!("{prefix}g:");
        // A tag has no character that a pattern would read otherwise.
        let pattern = format!("{lists}*");
        let (mut audit, mut cursor) = (Audit::default(), String::from("0"));
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(500);
            let (next, keys): (String, Vec<String>) = decode(self.cold(partition, &scan).await?)?;
            let groups: Vec<&str> =
                keys.iter().filter_map(|key| key.strip_prefix(&lists)).collect();
            for batch in groups.chunks(BATCH) {
                let call = Call::new(&scripts::AUDIT, partition).arg(kind(queue.kind));
                let call = batch.iter().fold(call, |call, group| call.arg(*group));
                audit.groups += batch.len() as u64;
                audit.mended += decode::<u64>(self.hot.ask(&call).await?)?;
            }
            if next == "0" {
                return Ok(Some(audit));
            }
            cursor = next;
        }
    }

    /// Reads the settings of every server there is. A service that hides them is taken at its word.
    pub(super) async fn examine(&self) -> Result<Health, StorageError> {
        let mut loan = self.pool.lend().await?;
        let mut health = Health::default();
        let ping = loan.send_everywhere(&cmd("PING")).await;
        ping.map_err(|error| give_up(&error))?;
        let mut settings = async |name: &str| -> Vec<String> {
            let answers = loan.send_everywhere(cmd("CONFIG").arg("GET").arg(name)).await;
            let setting = |answer| decode::<HashMap<String, String>>(answer).ok()?.remove(name);
            answers.unwrap_or_default().into_iter().filter_map(setting).collect()
        };
        let policies = settings("maxmemory-policy").await;
        if let Some(policy) = policies.iter().find(|policy| *policy != "noeviction") {
            let reason = format!(
                "Redis may evict messages (maxmemory-policy is {policy}); \
                 run `CONFIG SET maxmemory-policy noeviction`"
            );
            health.fatal.push(FailedCheck { check: SafetyCheck::Eviction, reason });
        }
        if settings("maxmemory").await.iter().any(|limit| limit == "0") {
            health.degraded.push(
                "Redis has no memory limit (maxmemory is 0), so it may be killed when the machine \
                 is full; set maxmemory"
                    .to_owned(),
            );
        }
        let written = settings("appendonly").await;
        let flushed = settings("appendfsync").await;
        // Who says nothing has promised nothing.
        let always = !written.is_empty()
            && !flushed.is_empty()
            && written.iter().all(|value| value == "yes")
            && flushed.iter().all(|value| value == "always");
        if !always && self.wait_replicas == 0 {
            health.degraded.push(
                "an accepted message may be lost when Redis is killed; set `appendonly yes` and \
                 `appendfsync always`, or REDIS_WAIT_REPLICAS to the number of replicas"
                    .to_owned(),
            );
        }
        let servers = loan.send_everywhere(cmd("INFO").arg("server")).await.unwrap_or_default();
        let oldest = servers.into_iter().filter_map(|info| version(&decode::<String>(info).ok()?));
        if let Some(version) = oldest.min()
            && version < 7
        {
            let reason = format!("Redis {version} is too old; use Redis 7.0 or later");
            health.fatal.push(FailedCheck { check: SafetyCheck::OldRedis, reason });
        }
        Ok(health)
    }
}

/// The major version in the answer to INFO.
fn version(info: &str) -> Option<u32> {
    let line = info.lines().find_map(|line| line.strip_prefix("redis_version:"))?;
    line.split('.').next()?.parse().ok()
}
