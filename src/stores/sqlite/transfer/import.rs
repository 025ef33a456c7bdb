//! Storing the records of another store.

use rusqlite::params;

use super::super::commit::SENT;
use super::super::mailbox::line_of;
use super::super::tallies::Tally;
use super::super::transaction::{StorageResult, Transaction, to_i64};
use crate::contracts::storage::transfer::{MailboxRecord, Record, Waiting, end_of_span};
use crate::contracts::storage::{Partition, Queue};

/// Stores one record.
pub(super) fn import(tx: &mut Transaction<'_>, record: &Record) -> StorageResult<()> {
    match record {
        Record::Topic { topic, partitions } => tx.execute(
            "INSERT INTO topics (name, partitions) VALUES (?1, ?2)",
            params![topic.as_str(), partitions],
        )?,
        Record::Queue { queue, received, removed } => {
            tx.set_counters(number(tx, queue)?, *received, *removed);
            0
        }
        Record::Mailbox(mailbox) => return self::mailbox(tx, mailbox),
        Record::Line { queue, line, turn } => tx.execute(
            "INSERT INTO lines (queue, line, turn) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET turn = excluded.turn",
            params![number(tx, queue)?, line, turn],
        )?,
        Record::Wake { queue, group, id, payload, due } => {
            let queue = number(tx, queue)?;
            tx.count(queue, Tally::scheduled(1));
            tx.expect(queue, *due);
            tx.execute(
                "INSERT INTO wakes (queue, mailbox, id, payload, due) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![queue, group.as_str(), id.as_str(), payload, due],
            )?
        }
        Record::DeadLetter { queue, place, at, group, id, payload, reason } => {
            let (queue, place) = (number(tx, queue)?, to_i64(*place) + 1);
            tx.count(queue, Tally::dead(1));
            tx.execute(
                "INSERT INTO dead_letters (queue, number, at, mailbox, id, payload, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![queue, place, at, group.as_str(), id.as_str(), payload, reason],
            )?
        }
        Record::Event { partition, place, at, message, kinds, detail } => {
            let (partition, place) = (row(tx, partition)?, to_i64(*place) + 1);
            tx.memo.borrow_mut().keep_entry(partition, place);
            tx.execute(
                "INSERT INTO events (partition, number, at, message, kinds, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![partition, place, at, message.as_str(), kinds, detail],
            )?
        }
        Record::Pause { topic, scope, code, reason, ends } => tx.execute(
            "INSERT INTO pauses (topic, scope, until, code, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![topic.as_str(), scope, ends, code, reason],
        )?,
        Record::FeedLine { feed, text, number, ends, .. } => tx.execute(
            "INSERT INTO feeds (feed, number, line, until) VALUES (?1, ?2, ?3, ?4)",
            params![feed, number, text, ends.unwrap_or(i64::MAX)],
        )?,
        state => return self::state(tx, state),
    };
    Ok(())
}

/// Stores one record of what handlers keep, or of what is known.
fn state(tx: &mut Transaction<'_>, record: &Record) -> StorageResult<()> {
    match record {
        Record::Value { partition, key, value, ends } => tx.execute(
            "INSERT INTO state (partition, key, value, until) VALUES (?1, ?2, ?3, ?4)",
            params![row(tx, partition)?, key, value, ends],
        )?,
        Record::Counter { partition, name, total, ends } => tx.execute(
            "INSERT INTO counters (partition, counter, total, until) VALUES (?1, ?2, ?3, ?4)",
            params![row(tx, partition)?, name, total, ends],
        )?,
        Record::Member { partition, pool, group, ticket, ends } => tx.execute(
            "INSERT INTO pools (partition, pool, mailbox, ticket, until)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![row(tx, partition)?, pool, group.as_str(), ticket, ends],
        )?,
        Record::Known { partition, digest, span } => {
            known(tx, partition, digest, end_of_span(*span))?
        }
        Record::Sent { partition, digest, ends } => {
            let marked: Vec<u8> = std::iter::once(&SENT).chain(digest).copied().collect();
            known(tx, partition, &marked, *ends)?
        }
        Record::Owed { partition, message, remaining } => tx.execute(
            "INSERT INTO owed (partition, message, remaining) VALUES (?1, ?2, ?3)",
            params![row(tx, partition)?, message.as_str(), remaining],
        )?,
        _ => 0,
    };
    Ok(())
}

fn row(tx: &Transaction<'_>, partition: &Partition) -> StorageResult<i64> {
    Ok(tx.ensure_partition(partition)?.number)
}

fn number(tx: &Transaction<'_>, queue: &Queue) -> StorageResult<i64> {
    Ok(tx.ensure_partition(&queue.partition)?.queue(queue.kind))
}

fn known(
    tx: &Transaction<'_>,
    partition: &Partition,
    digest: &[u8],
    ends: i64,
) -> StorageResult<usize> {
    tx.execute(
        "INSERT INTO known (partition, digest, until) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![row(tx, partition)?, digest, ends],
    )
}

fn mailbox(tx: &mut Transaction<'_>, mailbox: &MailboxRecord) -> StorageResult<()> {
    let queue = number(tx, &mailbox.queue)?;
    let (group, line) = (mailbox.group.as_str(), line_of(&mailbox.group));
    let status = match mailbox.waiting {
        Waiting::Ready => "ready",
        Waiting::Delayed => "delayed",
        Waiting::Suspect => "suspect",
    };
    tx.execute(
        "INSERT INTO mailboxes (queue, mailbox, line, length, status, at, attempt, isolated,
             failures, outcome_unknown, note)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            queue,
            group,
            line,
            to_i64(mailbox.messages.len()),
            status,
            mailbox.at,
            mailbox.attempts,
            mailbox.isolated,
            mailbox.failures,
            mailbox.outcome_unknown,
            mailbox.note,
        ],
    )?;
    tx.count(queue, Tally::groups(1));
    tx.count(queue, Tally::delayed(i64::from(mailbox.waiting == Waiting::Delayed)));
    tx.expect(queue, mailbox.at);
    for (sequence, id, payload) in &mailbox.messages {
        tx.execute(
            "INSERT INTO messages (queue, mailbox, sequence, id, payload)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![queue, group, to_i64(*sequence), id.as_str(), payload],
        )?;
    }
    Ok(())
}
