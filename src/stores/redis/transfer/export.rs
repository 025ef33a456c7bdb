//! Reading all records of a deployment.

use std::collections::{BTreeMap, BTreeSet};

use redis::{FromRedisValue, cmd};
use tokio::sync::mpsc::Sender;

use super::super::call::ScriptCall;
use super::super::keys::{feed, kind_prefix, partition_count, tag};
use super::super::records::stream_time;
use super::super::reply::{decode, split_message};
use super::super::search::split_wake;
use super::super::streams::{PAGE, StreamEntry};
use super::super::{Redis, scripts};
use super::keys::Keys;
use crate::contracts::storage::encoding::{self, SUSPECT_AFTER};
use crate::contracts::storage::transfer::{MailboxRecord, Record, Waiting, end_of_span};
use crate::contracts::storage::{Partition, Queue, QueueKind, StorageError};
use crate::model::address::Group;
use crate::model::message::MessageId;

/// Number of values that one call reads, which may be large.
const BATCH: usize = 200;

type Sent<T = ()> = Result<T, StorageError>;

/// Prefix of the names under which digests of sent messages are kept that came from another store.
pub(super) const SENT_DIGEST: char = '#';

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

async fn send(to: &Sender<Vec<Record>>, records: Vec<Record>) -> Sent {
    if records.is_empty() {
        return Ok(());
    }
    let closed = |_| StorageError::Unavailable("the transfer was given up".to_owned());
    to.send(records).await.map_err(closed)
}

fn corrupt(what: &str) -> StorageError {
    StorageError::Corrupt(format!("{what} of an unexpected shape"))
}

/// Reads the export of one partition.
struct Export<'e> {
    redis: &'e Redis,
    to: &'e Sender<Vec<Record>>,
    partition: &'e Partition,
    now: i64,
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

    async fn command<T: FromRedisValue>(
        &self,
        words: &[&str],
        key: &str,
        more: &[&str],
    ) -> Sent<T> {
        let mut command = cmd(words[0]);
        command.arg(format!("{}{key}", tag(self.partition))).arg(&words[1..]).arg(more);
        decode(self.redis.send_pooled(self.partition, &command).await?)
    }

    /// Runs through a sorted set, page by page.
    async fn scored(&self, key: &str, first: usize) -> Sent<Vec<(String, f64)>> {
        let (from, to) = (first.to_string(), (first + PAGE - 1).to_string());
        self.command(&["ZRANGE"], key, &[&from, &to, "WITHSCORES"]).await
    }

    async fn queue(&self, kind: QueueKind, names: &BTreeSet<String>) -> Sent {
        let queue = Queue { partition: self.partition.clone(), kind };
        let prefix = kind_prefix(kind);
        let counts: (Option<i64>, Option<i64>) =
            self.command(&["HMGET"], &format!("{prefix}ctr"), &["seq", "done"]).await?;
        if let (Some(received), removed) = counts {
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
        for batch in groups.chunks(BATCH) {
            let call = ScriptCall::new(&scripts::DUMP, self.partition).arg(prefix);
            let call = batch.iter().fold(call, |call, group| call.arg(*group));
            let found: Vec<Dumped> =
                decode(self.redis.shared.send(&call.without_replicas()).await?)?;
            let mut records = Vec::with_capacity(found.len());
            for (group, dumped) in batch.iter().zip(found) {
                let mailbox = mailbox(queue, group, dumped)?;
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

    /// Sends what is kept in strings: values, counters and what is known to be sent.
    async fn strings(&self, names: &BTreeSet<String>) -> Sent {
        let is_ours = |name: &&String| ["s:", "c:", "sid:"].iter().any(|it| name.starts_with(it));
        let names: Vec<&String> = names.iter().filter(is_ours).collect();
        for batch in names.chunks(BATCH) {
            let call = ScriptCall::new(&scripts::DUMP, self.partition).arg("");
            let call = batch.iter().fold(call, |call, name| call.arg(name.as_str()));
            let found: Vec<(Option<String>, i64)> =
                decode(self.redis.shared.send(&call.without_replicas()).await?)?;
            let mut records = Vec::with_capacity(found.len());
            for (name, (value, ends)) in batch.iter().zip(found) {
                // It may have expired since it was found.
                let Some(value) = value else { continue };
                records.push(self.string(name, value, ends)?);
            }
            send(self.to, records).await?;
        }
        Ok(())
    }

    fn string(&self, name: &str, value: String, ends: i64) -> Sent<Record> {
        let partition = self.partition.clone();
        // A key without an end has one that never comes.
        let ends = if ends < 0 { i64::MAX } else { ends };
        if let Some(key) = name.strip_prefix("s:") {
            return Ok(Record::Value { partition, key: key.to_owned(), value, ends });
        }
        if let Some(name) = name.strip_prefix("c:") {
            let total = value.parse().map_err(|_| corrupt("a counter"))?;
            return Ok(Record::Counter { partition, name: name.to_owned(), total, ends });
        }
        let id = name.strip_prefix("sid:").unwrap_or(name);
        let digest = match id.strip_prefix(SENT_DIGEST) {
            Some(digest) => hex::decode(digest).map_err(|_| corrupt("a digest"))?,
            None => encoding::sent_digest(id),
        };
        Ok(Record::Sent { partition, digest, ends })
    }

    async fn pool(&self, name: &str, pool: &str) -> Sent {
        let ttl = format!("pool_ttl:{pool}");
        for first in (0..).step_by(PAGE) {
            let page = self.scored(name, first).await?;
            let is_last = page.len() < PAGE;
            if page.is_empty() {
                break;
            }
            let members: Vec<&str> = page.iter().map(|(member, _)| member.as_str()).collect();
            let ends: Vec<Option<f64>> = self.command(&["ZMSCORE"], &ttl, &members).await?;
            let lasting = page.iter().zip(ends).filter_map(|((member, ticket), ends)| {
                let ends = ends.map_or(i64::MAX, whole);
                (ends > self.now).then(|| Record::Member {
                    partition: self.partition.clone(),
                    pool: pool.to_owned(),
                    group: Group::from_id(member),
                    ticket: whole(*ticket),
                    ends,
                })
            });
            send(self.to, lasting.collect()).await?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    async fn known(&self, name: &str, span: &str) -> Sent {
        let span: i64 = span.parse().map_err(|_| corrupt("a set of digests"))?;
        if end_of_span(span) <= self.now {
            return Ok(());
        }
        let mut cursor = "0".to_owned();
        let mut sent = BTreeSet::new();
        loop {
            let (next, digests): (String, Vec<Vec<u8>>) =
                self.command(&["SSCAN"], name, &[&cursor, "COUNT", "1000"]).await?;
            // A scan may return a member twice.
            let new = digests.into_iter().filter(|digest| sent.insert(digest.clone()));
            let partition = || self.partition.clone();
            let known = new.map(|digest| Record::Known { partition: partition(), digest, span });
            send(self.to, known.collect()).await?;
            if next == "0" {
                return Ok(());
            }
            cursor = next;
        }
    }

    async fn owed(&self) -> Sent {
        let owed: BTreeMap<String, i64> = self.command(&["HGETALL"], "owed", &[]).await?;
        let partition = || self.partition.clone();
        let record = |(message, remaining): (String, i64)| Record::Owed {
            partition: partition(),
            message: MessageId::new(message),
            remaining,
        };
        send(self.to, owed.into_iter().map(record).collect()).await
    }

    async fn pauses(&self) -> Sent {
        let pauses: BTreeMap<String, String> = self.command(&["HGETALL"], "pauses", &[]).await?;
        let mut records = Vec::with_capacity(pauses.len());
        for (scope, pause) in pauses {
            let read = || {
                let mut parts = pause.splitn(3, '|');
                let (ends, code) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
                let (topic, reason) = (self.partition.topic.clone(), parts.next()?.to_owned());
                Some(Record::Pause { topic, scope, code, reason, ends })
            };
            let pause = read().ok_or_else(|| corrupt("a pause"))?;
            records.extend(Some(pause).filter(|it| it.ends().is_some_and(|ends| ends > self.now)));
        }
        send(self.to, records).await
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

/// Returns a score, which is always a whole number below 2^53.
#[expect(clippy::cast_possible_truncation, reason = "scores are whole and far below 2^53")]
fn whole(score: f64) -> i64 {
    score as i64
}

/// Sends the lines of a feed. Those of a feed with an age end that long after their publication.
async fn feed_lines(redis: &Redis, to: &Sender<Vec<Record>>, name: &str, now: i64) -> Sent {
    let key = feed(name);
    // The tag of a feed is that of no partition, and leads to its node all the same.
    let of_feed = async |command: redis::Cmd| {
        let mut connection = redis.pool.get().await?;
        let reply = connection.send(&command, &key).await;
        reply.map_err(|error| super::super::error::to_storage_error(&error))
    };
    let mut range = cmd("XRANGE");
    range.arg(&key).arg("-").arg("+");
    let entries: Vec<StreamEntry> = decode(of_feed(range).await?)?;
    let mut expiry = cmd("PEXPIRETIME");
    expiry.arg(&key);
    let expiry: i64 = decode(of_feed(expiry).await?)?;
    let mut lines = Vec::with_capacity(entries.len());
    for (id, mut fields) in entries {
        let (millis, number) = id.split_once('-').ok_or_else(|| corrupt("a line of a feed"))?;
        let (millis, number): (i64, i64) = millis
            .parse()
            .ok()
            .zip(number.parse().ok())
            .ok_or_else(|| corrupt("a line of a feed"))?;
        let text = fields.remove("l").ok_or_else(|| corrupt("a line of a feed"))?;
        lines.push((millis, number.min(999), text));
    }
    let age = lines.last().filter(|_| expiry >= 0).map(|(millis, ..)| expiry - millis);
    lines.retain(|(millis, ..)| age.is_none_or(|age| millis + age > now));
    let (count, mut last) = (lines.len() as u64, 0);
    let records = (1..).zip(lines).map(|(nth, (millis, number, text))| {
        last = (millis * 1000 + number).max(last + 1);
        let ends = age.map(|age| millis + age);
        Record::FeedLine { feed: name.to_owned(), newer: count - nth, text, number: last, ends }
    });
    let records: Vec<Record> = records.collect();
    for batch in records.chunks(PAGE) {
        send(to, batch.to_vec()).await?;
    }
    Ok(())
}
