//! Reading all records of a deployment.

use std::collections::{BTreeMap, BTreeSet};

use redis::cmd;
use tokio::sync::mpsc::Sender;

use super::super::call::ScriptCall;
use super::super::keys::{kind_prefix, partition_count, tag};
use super::super::records::stream_time;
use super::super::reply::{decode, split_message};
use super::super::search::split_wake;
use super::super::streams::{PAGE, StreamEntry};
use super::super::{Redis, scripts};
use super::feeds::feed_lines;
use super::keys::Keys;
use super::reader::{BATCH, Export, Sent, corrupt, send, whole};
use crate::contracts::storage::encoding::SUSPECT_AFTER;
use crate::contracts::storage::transfer::{MailboxRecord, Record, Waiting};
use crate::contracts::storage::{Partition, Queue, QueueKind};
use crate::model::address::Group;
use crate::model::message::MessageId;

/// Sends every record, until there is no receiver any more.
pub(super) async fn export(redis: &Redis, to: &Sender<Vec<Record>>) -> Sent {
    let keys = Keys::find(redis).await?;
    let now = time(redis).await?;
    for topic in &keys.topics {
        let mut get = cmd("GET");
        get.arg(partition_count(topic));
        let found: Option<u16> = decode(redis.send_pooled(&Partition::first(topic), &get).await?)?;
        let record = found.map(|partitions| Record::Topic { topic: topic.clone(), partitions });
        send(to, record.into_iter().collect()).await?;
    }
    for (partition, names) in &keys.partitions {
        Export { redis, to, partition, now }.partition(names).await?;
    }
    for name in &keys.feeds {
        feed_lines(redis, to, name, now).await?;
    }
    Ok(())
}

/// Returns the time of the server.
async fn time(redis: &Redis) -> Sent<i64> {
    let mut connection = redis.pool.get().await?;
    let reply = connection.send(&cmd("TIME"), "").await;
    let reply = reply.map_err(|error| super::super::error::to_storage_error(&error))?;
    let (seconds, micros): (i64, i64) = decode(reply)?;
    Ok(seconds * 1000 + micros / 1000)
}

impl Export<'_> {
    async fn partition(&self, names: &BTreeSet<String>) -> Sent {
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            self.queue(kind, names).await?;
        }
        self.strings(names).await?;
        for name in names {
            if let Some(pool) = name.strip_prefix("pool:") {
                self.pool(name, pool).await?;
            } else if let Some(window) = name.strip_prefix("dd:") {
                self.known(name, window).await?;
            }
        }
        self.owed().await?;
        self.pauses().await?;
        self.events().await
    }

    async fn queue(&self, kind: QueueKind, names: &BTreeSet<String>) -> Sent {
        let queue = Queue { partition: self.partition.clone(), kind };
        let prefix = kind_prefix(kind);
        let (seq, done) = (format!("{prefix}seq"), format!("{prefix}done"));
        let counts: (Option<i64>, Option<i64>) =
            self.command(&["HMGET"], "ctr", &[&seq, &done]).await?;
        // The hash has the counters of both queues as soon as one of them was used.
        if let (Some(received @ 1..), removed) = counts {
            let removed = removed.unwrap_or_default();
            let queue = queue.clone();
            send(self.to, vec![Record::Queue { queue, received, removed }]).await?;
        }
        let lists = format!("{prefix}g:");
        let groups: Vec<&str> = names.iter().filter_map(|it| it.strip_prefix(&lists)).collect();
        self.mailboxes(&queue, &groups).await?;
        self.wakes(&queue).await?;
        self.dead_letters(&queue).await
    }

    async fn mailboxes(&self, queue: &Queue, groups: &[&str]) -> Sent {
        let prefix = kind_prefix(queue.kind);
        let mut lines = BTreeMap::new();
        for first in (0..).step_by(PAGE) {
            let page = self.scored(&format!("{prefix}lines"), first).await?;
            let is_last = page.len() < PAGE;
            lines.extend(page.into_iter().map(|(line, turn)| (line, whole(turn))));
            if is_last {
                break;
            }
        }
        let mut rest = groups;
        while !rest.is_empty() {
            let batch = &rest[..rest.len().min(BATCH)];
            let call = ScriptCall::new(&scripts::DUMP, self.partition).arg(prefix);
            let call = batch.iter().fold(call, |call, group| call.arg(*group));
            let found: Vec<Dumped> =
                decode(self.redis.shared.send(&call.without_replicas()).await?)?;
            // The script ends early when the groups have many messages.
            rest = &rest[found.len().clamp(1, batch.len())..];
            let mut records = Vec::with_capacity(found.len());
            for (group, dumped) in batch.iter().zip(found) {
                let mailbox = mailbox(queue, group, dumped)?;
                // It may have been emptied since it was found.
                if mailbox.messages.is_empty() {
                    continue;
                }
                if let (Waiting::Ready, Some(line)) = (mailbox.waiting, mailbox.group.line()) {
                    lines.entry(line.as_str().to_owned()).or_insert(0);
                }
                records.push(Record::Mailbox(Box::new(mailbox)));
            }
            send(self.to, records).await?;
        }
        let line = |(line, turn)| Record::Line { queue: queue.clone(), line, turn };
        send(self.to, lines.into_iter().map(line).collect()).await
    }

    async fn wakes(&self, queue: &Queue) -> Sent {
        let key = format!("{}wakes", kind_prefix(queue.kind));
        for first in (0..).step_by(PAGE) {
            let page = self.scored(&key, first).await?;
            let is_last = page.len() < PAGE;
            let mut records = Vec::with_capacity(page.len());
            for (wake, due) in page {
                let (group, id, payload) = split_wake(&wake)?;
                records.push(Record::Wake {
                    queue: queue.clone(),
                    group: Group::from_id(group),
                    id: MessageId::new(id),
                    payload: payload.to_owned(),
                    due: whole(due),
                });
            }
            send(self.to, records).await?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Sends the records that the entries of a stream make.
    async fn stream(&self, key: &str, read: impl Fn(u64, StreamEntry) -> Option<Record>) -> Sent {
        let key = format!("{}{key}", tag(self.partition));
        let (mut after, mut place) = (None, 0);
        loop {
            let page =
                self.redis.entries_after(self.partition, &key, after.as_deref(), PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let mut records = Vec::with_capacity(page.len());
            for entry in page {
                records.push(read(place, entry).ok_or_else(|| corrupt("an entry of a stream"))?);
                place += 1;
            }
            send(self.to, records).await?;
        }
    }

    async fn dead_letters(&self, queue: &Queue) -> Sent {
        self.stream(&format!("{}dead", kind_prefix(queue.kind)), |place, (entry, mut fields)| {
            let (_, id, payload) = split_message(&fields.remove("h")?).ok()?;
            Some(Record::DeadLetter {
                queue: queue.clone(),
                place,
                at: stream_time(&entry)?.timestamp_millis(),
                group: Group::from_id(fields.remove("g")?),
                id,
                payload,
                reason: fields.remove("r")?,
            })
        })
        .await
    }

    async fn events(&self) -> Sent {
        self.stream("ev", |place, (entry, mut fields)| {
            Some(Record::Event {
                partition: self.partition.clone(),
                place,
                at: stream_time(&entry)?.timestamp_millis(),
                message: MessageId::new(fields.remove("m")?),
                kinds: fields.remove("e")?,
                detail: fields.remove("d")?,
            })
        })
        .await
    }
}

/// Set, score, claims, failures, isolated claims, time since which the outcome is unknown, note and
/// messages of a group.
type Dumped = (String, f64, u32, u32, u32, Option<i64>, Option<String>, Vec<String>);

fn mailbox(queue: &Queue, group: &str, dumped: Dumped) -> Sent<MailboxRecord> {
    let (set, score, attempts, failures, isolated, outcome_unknown, note, messages) = dumped;
    let (waiting, at) = match set.as_str() {
        "lease" if attempts >= SUSPECT_AFTER => (Waiting::Suspect, 0),
        "lease" => (Waiting::Ready, 0),
        "delay" => (Waiting::Delayed, whole(score)),
        "suspect" => (Waiting::Suspect, whole(score)),
        _ => (Waiting::Ready, whole(score)),
    };
    let messages = messages.iter().map(|it| split_message(it)).collect::<Sent<_>>()?;
    Ok(MailboxRecord {
        queue: queue.clone(),
        group: Group::from_id(group),
        waiting,
        at,
        attempts,
        isolated,
        failures,
        outcome_unknown,
        note,
        messages,
    })
}
