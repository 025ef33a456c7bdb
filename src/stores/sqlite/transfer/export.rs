//! Reading all records of the file, as it is at one moment.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Params, Row};
use tokio::sync::mpsc::Sender;

use super::super::commit::SENT;
use super::super::mailbox::line_of;
use super::super::transaction::{StorageResult, Transaction, to_u64};
use crate::contracts::storage::encoding::SUSPECT_AFTER;
use crate::contracts::storage::transfer::{MailboxRecord, Record, Waiting, span_until};
use crate::contracts::storage::{Partition, Queue, QueueKind, StorageError};
use crate::model::address::Group;
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// Number of records that are sent together.
const BATCH: usize = 500;

/// Rows of a table that are read into records.
type Read<'r> = dyn Fn(&Row<'_>) -> rusqlite::Result<Option<Record>> + 'r;

/// Sends every record, until there is no receiver any more.
pub(super) fn export(tx: &Transaction<'_>, to: &Sender<Vec<Record>>) -> StorageResult<()> {
    let export = Export { tx, to, partitions: partitions(tx)? };
    export.topics()?;
    export.queues()?;
    export.mailboxes()?;
    export.state()?;
    export.known()?;
    export.records()?;
    export.feeds()
}

fn partitions(tx: &Transaction<'_>) -> StorageResult<HashMap<i64, Partition>> {
    let rows = tx.query_all("SELECT partition, topic, number FROM partitions", (), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, u16>(2)?))
    })?;
    let partition = |(row, topic, number): (i64, String, u16)| {
        Ok((row, Partition { topic: topic_name(&topic)?, number }))
    };
    rows.into_iter().map(partition).collect()
}

fn topic_name(name: &str) -> StorageResult<TopicName> {
    name.parse().map_err(|_| StorageError::Corrupt("a topic with an impossible name".to_owned()))
}

struct Export<'e> {
    tx: &'e Transaction<'e>,
    to: &'e Sender<Vec<Record>>,
    partitions: HashMap<i64, Partition>,
}

impl Export<'_> {
    fn send(&self, records: Vec<Record>) -> StorageResult<()> {
        let closed = |_| StorageError::Unavailable("the transfer was given up".to_owned());
        if records.is_empty() { Ok(()) } else { self.to.blocking_send(records).map_err(closed) }
    }

    /// Sends the records that a query's rows make, without those that are left out.
    fn rows(&self, sql: &'static str, read: &Read<'_>) -> StorageResult<()> {
        self.rows_of(sql, (), read)
    }

    /// Sends the records of rows that have not ended.
    fn lasting(&self, sql: &'static str, read: &Read<'_>) -> StorageResult<()> {
        self.rows_of(sql, [self.tx.now], read)
    }

    fn rows_of(
        &self,
        sql: &'static str,
        values: impl Params,
        read: &Read<'_>,
    ) -> StorageResult<()> {
        let mut batch = Vec::with_capacity(BATCH);
        self.tx.for_each(sql, values, |row| {
            batch.extend(read(row)?);
            if batch.len() >= BATCH {
                self.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))?;
            }
            Ok(())
        })?;
        self.send(batch)
    }

    fn partition(&self, row: &Row<'_>) -> rusqlite::Result<Option<Partition>> {
        Ok(self.partitions.get(&row.get(0)?).cloned())
    }

    fn queue(&self, number: i64) -> Option<Queue> {
        let partition = self.partitions.get(&(number / 2))?.clone();
        let kind = if number % 2 == 0 { QueueKind::Inbound } else { QueueKind::Outbox };
        Some(Queue { partition, kind })
    }

    fn topics(&self) -> StorageResult<()> {
        self.rows("SELECT name, partitions FROM topics", &|row| {
            let topic = row.get::<_, String>(0)?.parse().ok();
            let partitions = row.get(1)?;
            Ok(topic.map(|topic| Record::Topic { topic, partitions }))
        })?;
        self.lasting(
            "SELECT topic, scope, code, reason, until FROM pauses WHERE until > ?1",
            &|row| {
                let Ok(topic) = row.get::<_, String>(0)?.parse() else { return Ok(None) };
                let (scope, code, reason) = (row.get(1)?, row.get(2)?, row.get(3)?);
                Ok(Some(Record::Pause { topic, scope, code, reason, ends: row.get(4)? }))
            },
        )
    }

    fn queues(&self) -> StorageResult<()> {
        self.rows("SELECT queue, given, done FROM queues WHERE given > 0", &|row| {
            let Some(queue) = self.queue(row.get(0)?) else { return Ok(None) };
            let (received, removed) = (row.get(1)?, row.get(2)?);
            Ok(Some(Record::Queue { queue, received, removed }))
        })?;
        self.rows("SELECT queue, mailbox, id, payload, due FROM wakes", &|row| {
            let Some(queue) = self.queue(row.get(0)?) else { return Ok(None) };
            let (group, id) = (group(row, 1)?, MessageId::new(row.get::<_, String>(2)?));
            let (payload, due) = (row.get(3)?, row.get(4)?);
            Ok(Some(Record::Wake { queue, group, id, payload, due }))
        })
    }

    /// Sends the mailboxes with their messages, and then the lines.
    fn mailboxes(&self) -> StorageResult<()> {
        let mut lines = self.lines()?;
        let mut batch: Vec<MailboxRecord> = Vec::new();
        let mut exported = 0;
        self.tx.for_each(
            "SELECT queue, mailbox, status, at, attempt, isolated, failures, outcome_unknown, note,
                 sequence, id, payload
             FROM mailboxes JOIN messages INDEXED BY messages_by_mailbox USING (queue, mailbox)
             ORDER BY queue, mailbox, sequence",
            (),
            |row| {
                let Some(queue) = self.queue(row.get(0)?) else { return Ok(()) };
                let sequence = to_u64(row.get(9)?);
                let message = (sequence, MessageId::new(row.get::<_, String>(10)?), row.get(11)?);
                let group = group(row, 1)?;
                exported += 1;
                let last = batch.last_mut();
                if let Some(last) = last.filter(|it| it.queue == queue && it.group == group) {
                    last.messages.push(message);
                    return Ok(());
                }
                if batch.len() >= BATCH {
                    self.send(boxed(&mut batch))?;
                }
                let mailbox = mailbox(row, queue, group, message)?;
                if mailbox.waiting == Waiting::Ready {
                    let line = line_of(&mailbox.group);
                    lines.entry((row.get(0)?, line)).or_insert(0);
                }
                batch.push(mailbox);
                Ok(())
            },
        )?;
        self.send(boxed(&mut batch))?;
        // A message without its mailbox or partition is in no row of the join.
        if self.tx.query_number("SELECT count(*) FROM messages", ())? != Some(exported) {
            let lost = "messages without a mailbox; restore the file from a backup";
            return Err(StorageError::Corrupt(lost.to_owned()));
        }
        let lines = lines.into_iter().filter(|((_, line), _)| !line.is_empty());
        let record =
            |((queue, line), turn)| Some(Record::Line { queue: self.queue(queue)?, line, turn });
        self.send(lines.filter_map(record).collect())
    }

    /// Returns the turns of the lines in the rotation. One whose only groups were in hand is in it with
    /// them.
    fn lines(&self) -> StorageResult<BTreeMap<(i64, String), i64>> {
        let lines = "SELECT queue, line, turn FROM lines";
        let rows = self.tx.query_all(lines, (), |row| {
            Ok(((row.get::<_, i64>(0)?, row.get::<_, String>(1)?), row.get::<_, i64>(2)?))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn state(&self) -> StorageResult<()> {
        self.lasting("SELECT partition, key, value, until FROM state WHERE until > ?1", &|row| {
            let Some(partition) = self.partition(row)? else { return Ok(None) };
            let (key, value, ends) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Some(Record::Value { partition, key, value, ends }))
        })?;
        self.lasting(
            "SELECT partition, counter, total, until FROM counters WHERE until > ?1",
            &|row| {
                let Some(partition) = self.partition(row)? else { return Ok(None) };
                let (name, total, ends) = (row.get(1)?, row.get(2)?, row.get(3)?);
                Ok(Some(Record::Counter { partition, name, total, ends }))
            },
        )?;
        self.lasting(
            "SELECT partition, pool, mailbox, ticket, until FROM pools WHERE until > ?1",
            &|row| {
                let Some(partition) = self.partition(row)? else { return Ok(None) };
                let (pool, group) = (row.get(1)?, group(row, 2)?);
                let (ticket, ends) = (row.get(3)?, row.get(4)?);
                Ok(Some(Record::Member { partition, pool, group, ticket, ends }))
            },
        )
    }

    fn known(&self) -> StorageResult<()> {
        self.lasting("SELECT partition, digest, until FROM known WHERE until > ?1", &|row| {
            let Some(partition) = self.partition(row)? else { return Ok(None) };
            let (mut digest, ends): (Vec<u8>, i64) = (row.get(1)?, row.get(2)?);
            Ok(Some(if digest.first() == Some(&SENT) && digest.len() == 17 {
                digest.remove(0);
                Record::Sent { partition, digest, ends }
            } else {
                Record::Known { partition, digest, span: span_until(ends) }
            }))
        })?;
        self.rows("SELECT partition, message, remaining FROM owed", &|row| {
            let Some(partition) = self.partition(row)? else { return Ok(None) };
            let message = MessageId::new(row.get::<_, String>(1)?);
            Ok(Some(Record::Owed { partition, message, remaining: row.get(2)? }))
        })
    }

    /// Sends dead letters and events, with times that never go back.
    fn records(&self) -> StorageResult<()> {
        self.rows(
            "SELECT queue, row_number() OVER ordered - 1, max(at) OVER ordered, mailbox, id, payload,
                 reason FROM dead_letters
             WINDOW ordered AS (PARTITION BY queue ORDER BY number)",
            &|row| {
                let Some(queue) = self.queue(row.get(0)?) else { return Ok(None) };
                let (place, at) = (to_u64(row.get(1)?), row.get(2)?);
                let (group, id) = (group(row, 3)?, MessageId::new(row.get::<_, String>(4)?));
                let (payload, reason) = (row.get(5)?, row.get(6)?);
                Ok(Some(Record::DeadLetter { queue, place, at, group, id, payload, reason }))
            },
        )?;
        self.rows(
            "SELECT partition, row_number() OVER ordered - 1, max(at) OVER ordered, message, kinds,
                 detail FROM events
             WINDOW ordered AS (PARTITION BY partition ORDER BY number)",
            &|row| {
                let Some(partition) = self.partition(row)? else { return Ok(None) };
                let (place, at) = (to_u64(row.get(1)?), row.get(2)?);
                let message = MessageId::new(row.get::<_, String>(3)?);
                let (kinds, detail) = (row.get(4)?, row.get(5)?);
                Ok(Some(Record::Event { partition, place, at, message, kinds, detail }))
            },
        )
    }

    /// Sends the lines of feeds, without those that were erased.
    fn feeds(&self) -> StorageResult<()> {
        self.lasting(
            "SELECT feed, row_number() OVER (PARTITION BY feed ORDER BY number DESC) - 1, line, number,
                 until FROM feeds WHERE until > ?1 AND line <> '' ORDER BY feed, number",
            &|row| {
                let (feed, newer, text) = (row.get(0)?, to_u64(row.get(1)?), row.get(2)?);
                let (number, ends) = (row.get(3)?, row.get::<_, i64>(4)?);
                let ends = Some(ends).filter(|ends| *ends < i64::MAX);
                Ok(Some(Record::FeedLine { feed, newer, text, number, ends }))
            },
        )
    }
}

fn group(row: &Row<'_>, column: usize) -> rusqlite::Result<Group> {
    Ok(Group::from_id(row.get::<_, String>(column)?))
}

fn boxed(mailboxes: &mut Vec<MailboxRecord>) -> Vec<Record> {
    mailboxes.drain(..).map(|it| Record::Mailbox(Box::new(it))).collect()
}

fn mailbox(
    row: &Row<'_>,
    queue: Queue,
    group: Group,
    message: (u64, MessageId, String),
) -> rusqlite::Result<MailboxRecord> {
    let (attempts, at) = (row.get(4)?, row.get(3)?);
    let (waiting, at) = match row.get::<_, String>(2)?.as_str() {
        "leased" if attempts >= SUSPECT_AFTER => (Waiting::Suspect, 0),
        "leased" => (Waiting::Ready, 0),
        "delayed" => (Waiting::Delayed, at),
        "suspect" => (Waiting::Suspect, at),
        _ => (Waiting::Ready, at),
    };
    Ok(MailboxRecord {
        queue,
        group,
        waiting,
        at,
        attempts,
        isolated: row.get(5)?,
        failures: row.get(6)?,
        outcome_unknown: row.get(7)?,
        note: row.get(8)?,
        messages: vec![message],
    })
}
