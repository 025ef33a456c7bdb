//! Operator's access: changes, and the erasure of what a search has found.

use async_trait::async_trait;
use rusqlite::params;

use super::mailbox::line_of;
use super::tallies::Tally;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64};
use super::{Sqlite, commit, search};
use crate::contracts::storage::{
    Change, FeedCursor, Marks, Operator, Partition, Place, QueueKind, StorageError, Trace,
};
use crate::model::address::Group;

#[async_trait]
impl Operator for Sqlite {
    async fn apply(&self, partition: &Partition, change: Change) -> Result<(), StorageError> {
        let partition = partition.clone();
        self.write(move |tx| apply(tx, &partition, &change)).await
    }

    async fn search(
        &self,
        partition: &Partition,
        marks: &Marks,
    ) -> Result<Vec<Trace>, StorageError> {
        let (partition, marks) = (partition.clone(), marks.clone());
        self.read(move |tx| search::search(tx, &partition, &marks)).await
    }

    async fn mailbox(
        &self,
        partition: &Partition,
        group: &Group,
    ) -> Result<Vec<String>, StorageError> {
        let (partition, group) = (partition.clone(), group.clone());
        let payloads = "SELECT payload FROM messages INDEXED BY messages_by_mailbox
             WHERE queue = ?1 AND mailbox = ?2 ORDER BY sequence";
        self.read(move |tx| {
            let queue = tx.find_partition(&partition)?.queue(QueueKind::Inbound);
            tx.query_all(payloads, params![queue, group.as_str()], |row| row.get(0))
        })
        .await
    }

    async fn erase(&self, partition: &Partition, traces: &[Trace]) -> Result<(), StorageError> {
        let (partition, traces) = (partition.clone(), traces.to_vec());
        self.write(move |tx| {
            let row = tx.find_partition(&partition)?;
            traces.iter().try_for_each(|trace| erase(tx, &row, trace))
        })
        .await
    }

    async fn erase_line(&self, feed: &str, line: &FeedCursor) -> Result<(), StorageError> {
        let (feed, number) = (feed.to_owned(), line.as_str().to_owned());
        // The row stays, since the next number is counted from the newest.
        let blank = "UPDATE feeds SET line = '' WHERE feed = ?1 AND number = CAST(?2 AS INTEGER)";
        self.write(move |tx| tx.execute(blank, params![feed, number]).map(drop)).await
    }
}

fn apply(tx: &mut Transaction<'_>, partition: &Partition, change: &Change) -> StorageResult<()> {
    let row = tx.ensure_partition(partition)?;
    for write in &change.writes {
        commit::write(tx, &row, write)?;
    }
    change.wakes.iter().try_for_each(|wake| tx.append_wake(&row, QueueKind::Inbound, wake))
}

/// Erases one trace, if it is still as it was found.
fn erase(tx: &mut Transaction<'_>, row: &PartitionRow<'_>, trace: &Trace) -> StorageResult<()> {
    let Trace { place, name, text, locator } = trace;
    let partition = row.number;
    match place {
        Place::State => tx.execute(
            "DELETE FROM state WHERE partition = ?1 AND key = ?2 AND value = ?3",
            params![partition, name, text],
        )?,
        Place::Pool => tx.execute(
            "DELETE FROM pools WHERE partition = ?1 AND pool = ?2 AND mailbox = ?3",
            params![partition, name, text],
        )?,
        Place::Counter => tx.execute(
            "DELETE FROM counters WHERE partition = ?1 AND counter = ?2",
            params![partition, name],
        )?,
        Place::Message(kind) => return remove_message(tx, row, *kind, name, locator),
        Place::Wake => {
            let queue = row.queue(QueueKind::Inbound);
            let removed = tx.execute(
                "DELETE FROM wakes WHERE queue = ?1 AND mailbox = ?2 AND id = ?3 AND payload = ?4",
                params![queue, name, locator, text],
            )?;
            tx.count(queue, Tally::scheduled(-to_i64(removed)));
            removed
        }
        Place::DeadLetter(kind) => {
            let removed = tx.execute(
                "DELETE FROM dead_letters WHERE queue = ?1 AND number = CAST(?2 AS INTEGER)",
                params![row.queue(*kind), locator],
            )?;
            tx.count(row.queue(*kind), Tally::dead(-to_i64(removed)));
            removed
        }
        Place::Event => {
            // The record of the message is gone, and with it the wait for its last outbound message.
            let owed = "DELETE FROM owed WHERE partition = ?1 AND message = ?2";
            tx.execute(owed, params![partition, name])?;
            tx.execute(
                "DELETE FROM events WHERE partition = ?1 AND number = CAST(?2 AS INTEGER)",
                params![partition, locator],
            )?
        }
        Place::Other => search::erase_row(tx, name, locator)?,
    };
    Ok(())
}

/// Removes one message of a group. When it is the head, its claim is over.
fn remove_message(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    kind: QueueKind,
    mailbox: &str,
    sequence: &str,
) -> StorageResult<()> {
    let queue = row.queue(kind);
    let is_head = tx.query_number(
        "SELECT sequence = CAST(?3 AS INTEGER) FROM messages INDEXED BY messages_by_mailbox
         WHERE queue = ?1 AND mailbox = ?2 ORDER BY sequence LIMIT 1",
        params![queue, mailbox, sequence],
    )?;
    let removed = tx.execute(
        "DELETE FROM messages WHERE queue = ?1 AND mailbox = ?2 AND sequence = CAST(?3 AS INTEGER)",
        params![queue, mailbox, sequence],
    )?;
    if removed == 0 {
        return Ok(());
    }
    tx.count_removed(queue)?;
    let of_group = params![queue, mailbox];
    let found = tx.query_optional(
        "SELECT length, status = 'delayed' FROM mailboxes WHERE queue = ?1 AND mailbox = ?2",
        of_group,
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let Some((length, delayed)) = found else { return Ok(()) };
    if length == 1 {
        return tx.remove_group(queue, mailbox);
    }
    let shorter = "UPDATE mailboxes SET length = length - 1 WHERE queue = ?1 AND mailbox = ?2";
    tx.execute(shorter, of_group)?;
    if is_head == Some(1) {
        tx.execute(
            "UPDATE mailboxes SET status = 'ready', at = ?3, token = NULL, attempt = 0, isolated = 0,
                 failures = 0, outcome_unknown = NULL, note = NULL
             WHERE queue = ?1 AND mailbox = ?2",
            params![queue, mailbox, tx.ticket],
        )?;
        tx.count(queue, Tally::delayed(-delayed));
        tx.rotate_in(queue, &line_of(&Group::from_id(mailbox)))?;
        tx.notify_ready(row, kind);
    }
    Ok(())
}
