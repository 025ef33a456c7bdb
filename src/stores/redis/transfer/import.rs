//! Storing the records of another store.

use std::collections::BTreeMap;

use redis::Pipeline;

use super::super::Redis;
use super::super::error::to_storage_error;
use super::super::keys::{feed, kind_prefix, partition_count, tag};
use super::state::SENT_DIGEST;
use crate::contracts::storage::transfer::{MailboxRecord, Record, Waiting, end_of_span};
use crate::contracts::storage::{Partition, Queue, StorageError};

/// Claim of a head that was never claimed, of which the store keeps nothing.
const UNCLAIMED: &str = "|0|0|0|||";

/// Stores records, those of one slot by one round trip, in their order.
pub(super) async fn import(redis: &Redis, records: &[Record]) -> Result<(), StorageError> {
    let mut pipelines: BTreeMap<String, Pipeline> = BTreeMap::new();
    for record in records {
        let tag = slot(record);
        let pipeline = pipelines.entry(tag.clone()).or_default();
        add(pipeline, &tag, record);
    }
    for (tag, pipeline) in pipelines {
        let mut connection = redis.pool.get().await?;
        let stored = connection.send_all(&pipeline, &tag).await;
        stored.map_err(|error| to_storage_error(&error))?;
    }
    Ok(())
}

/// Returns the tag of the slot that a record belongs to, which its keys begin with.
fn slot(record: &Record) -> String {
    match record {
        Record::Topic { topic, .. } => partition_count(topic),
        Record::Pause { topic, .. } => tag(&Partition::first(topic)),
        Record::FeedLine { feed: name, .. } => feed(name),
        Record::Mailbox(mailbox) => tag(&mailbox.queue.partition),
        Record::Queue { queue, .. }
        | Record::Line { queue, .. }
        | Record::Wake { queue, .. }
        | Record::DeadLetter { queue, .. } => tag(&queue.partition),
        Record::Value { partition, .. }
        | Record::Counter { partition, .. }
        | Record::Member { partition, .. }
        | Record::Known { partition, .. }
        | Record::Sent { partition, .. }
        | Record::Owed { partition, .. }
        | Record::Event { partition, .. } => tag(partition),
    }
}

fn key(tag: &str, queue: &Queue, name: &str) -> String {
    format!("{tag}{}{name}", kind_prefix(queue.kind))
}

/// Adds the commands that store a record.
fn add(pipeline: &mut Pipeline, tag: &str, record: &Record) {
    match record {
        Record::Topic { partitions, .. } => {
            pipeline.cmd("SET").arg(tag).arg(partitions);
        }
        Record::Queue { queue, received, removed } => {
            let prefix = kind_prefix(queue.kind);
            let counters = pipeline.cmd("HSET").arg(format!("{tag}ctr"));
            counters.arg(format!("{prefix}seq")).arg(received);
            counters.arg(format!("{prefix}done")).arg(removed);
        }
        Record::Mailbox(it) => mailbox(pipeline, tag, it),
        Record::Line { queue, line, turn } => {
            pipeline.cmd("ZADD").arg(key(tag, queue, "lines")).arg(turn).arg(line);
        }
        Record::Wake { queue, group, id, payload, due } => {
            let (group, id) = (group.as_str(), id.as_str());
            let wake = format!("{}|{}|{group}{id}{payload}", group.len(), id.len());
            pipeline.cmd("ZADD").arg(key(tag, queue, "wakes")).arg(due).arg(wake);
        }
        Record::DeadLetter { queue, at, group, id, payload, reason, .. } => {
            // The sequence of a letter is of no use any more.
            let message = format!("0|{}|{}{payload}", id.as_str().len(), id.as_str());
            let letter = pipeline.cmd("XADD").arg(key(tag, queue, "dead")).arg(format!("{at}-*"));
            letter.arg("g").arg(group.as_str()).arg("h").arg(message).arg("r").arg(reason);
        }
        Record::Event { at, message, kinds, detail, .. } => {
            let event = pipeline.cmd("XADD").arg(format!("{tag}ev")).arg(format!("{at}-*"));
            event.arg("m").arg(message.as_str()).arg("e").arg(kinds).arg("d").arg(detail);
        }
        Record::Pause { scope, code, reason, ends, .. } => {
            let pauses = format!("{tag}pauses");
            let pause = format!("{ends}|{code}|{reason}");
            pipeline.cmd("HSET").arg(&pauses).arg(scope).arg(pause);
            // The key lives as long as the longest pause. Without an end it has none yet.
            pipeline.cmd("PEXPIREAT").arg(&pauses).arg(ends).arg("GT");
            pipeline.cmd("PEXPIREAT").arg(&pauses).arg(ends).arg("NX");
        }
        Record::FeedLine { text, number, ends, .. } => {
            let id = format!("{}-{}", number / 1000, number % 1000);
            pipeline.cmd("XADD").arg(tag).arg(id).arg("l").arg(text);
            if let Some(ends) = ends {
                pipeline.cmd("PEXPIREAT").arg(tag).arg(ends);
            }
        }
        state => self::state(pipeline, tag, state),
    }
    pipeline.ignore();
}

/// Adds the commands that store a record of what handlers keep, or of what is known.
fn state(pipeline: &mut Pipeline, tag: &str, record: &Record) {
    match record {
        Record::Value { key, value, ends, .. } => {
            set(pipeline, format!("{tag}s:{key}"), value, *ends);
        }
        Record::Counter { name, total, ends, .. } => {
            set(pipeline, format!("{tag}c:{name}"), &total.to_string(), *ends);
        }
        Record::Member { pool, group, ticket, ends, .. } => {
            let group = group.as_str();
            pipeline.cmd("ZADD").arg(format!("{tag}pool:{pool}")).arg(ticket).arg(group);
            pipeline.cmd("ZADD").arg(format!("{tag}pool_ttl:{pool}")).arg(ends).arg(group);
            pipeline.cmd("SADD").arg(format!("{tag}pools")).arg(pool);
        }
        Record::Known { digest, span, .. } => {
            let known = format!("{tag}dd:{span}");
            pipeline.cmd("SADD").arg(&known).arg(digest);
            pipeline.cmd("PEXPIREAT").arg(&known).arg(end_of_span(*span));
        }
        Record::Sent { digest, ends, .. } => {
            let name = format!("{tag}sid:{SENT_DIGEST}{}", hex::encode(digest));
            set(pipeline, name, "1", *ends);
        }
        Record::Owed { message, remaining, .. } => {
            pipeline.cmd("HSET").arg(format!("{tag}owed")).arg(message.as_str()).arg(remaining);
        }
        _ => {}
    }
}

/// Adds the command for a string that ends at a time. Redis takes no end that is too far away.
fn set(pipeline: &mut Pipeline, key: String, value: &str, ends: i64) {
    let set = pipeline.cmd("SET").arg(key).arg(value);
    if ends < i64::MAX {
        set.arg("PXAT").arg(ends);
    }
}

fn mailbox(pipeline: &mut Pipeline, tag: &str, mailbox: &MailboxRecord) {
    let MailboxRecord { queue, group, at, messages, .. } = mailbox;
    let group = group.as_str();
    let list = pipeline.cmd("RPUSH").arg(key(tag, queue, &format!("g:{group}")));
    for (sequence, id, payload) in messages {
        list.arg(format!("{sequence}|{}|{}{payload}", id.as_str().len(), id.as_str()));
    }
    let line = mailbox.group.line();
    let set = match (mailbox.waiting, &line) {
        (Waiting::Ready, None) => "ready".to_owned(),
        (Waiting::Ready, Some(line)) => format!("ready:{}", line.as_str()),
        (Waiting::Delayed, _) => "delay".to_owned(),
        (Waiting::Suspect, _) => "suspect".to_owned(),
    };
    pipeline.cmd("ZADD").arg(key(tag, queue, &set)).arg(at).arg(group);
    let MailboxRecord { attempts, failures, isolated, outcome_unknown, note, .. } = mailbox;
    let unknown = outcome_unknown.map(|at| at.to_string()).unwrap_or_default();
    let note = note.as_deref().unwrap_or_default();
    let claim = format!("|{attempts}|{failures}|{isolated}|{unknown}||{note}");
    if claim != UNCLAIMED {
        pipeline.cmd("HSET").arg(key(tag, queue, "claims")).arg(group).arg(claim);
    }
}
