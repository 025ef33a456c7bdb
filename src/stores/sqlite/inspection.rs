//! Inspection of the store, page by page, and what an operator does about dead letters.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Row, params};

use super::dead_letters::{self, Place};
use super::transaction::{StorageResult, Transaction, to_i64, to_u64};
use super::{Sqlite, records};
use crate::contracts::storage::{
    DeadLetter, DeadLetterId, EventCursor, Head, HeadState, Inspection, Partition, Queue, Replay,
    StorageError,
};
use crate::model::address::Group;
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;

#[async_trait]
impl Inspection for Sqlite {
    async fn heads(&self, queue: &Queue, limit: usize) -> Result<Vec<Head>, StorageError> {
        let queue = queue.clone();
        self.read(move |tx| heads(tx, &queue, limit)).await
    }

    async fn dead_letters_before(
        &self,
        queue: &Queue,
        before: Option<&DeadLetterId>,
        limit: usize,
    ) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError> {
        let (queue, before) = (queue.clone(), before.map(Place::read).transpose()?);
        self.read(move |tx| dead_letters::before(tx, &queue, before, limit)).await
    }

    async fn dead_letters_of(
        &self,
        queue: &Queue,
        ids: &[DeadLetterId],
    ) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError> {
        let (queue, ids) = (queue.clone(), ids.to_vec());
        self.read(move |tx| dead_letters::of(tx, &queue, &ids)).await
    }

    async fn replay(&self, queue: &Queue, replays: &[Replay]) -> Result<u64, StorageError> {
        let (queue, replays) = (queue.clone(), replays.to_vec());
        self.write(move |tx| dead_letters::replay(tx, &queue, &replays)).await
    }

    async fn discard(
        &self,
        queue: &Queue,
        letters: &[(DeadLetterId, Option<Facts>)],
    ) -> Result<u64, StorageError> {
        let (queue, letters) = (queue.clone(), letters.to_vec());
        self.write(move |tx| dead_letters::discard(tx, &queue, &letters)).await
    }

    async fn events_after(
        &self,
        partition: &Partition,
        after: Option<&EventCursor>,
        limit: usize,
    ) -> Result<Vec<(EventCursor, Event)>, StorageError> {
        let (partition, after) = (partition.clone(), after.map(records::read_cursor).transpose()?);
        self.read(move |tx| records::events_after(tx, &partition, after, limit)).await
    }
}

/// Statements that list the groups of one status, the first of them first. An index holds those of one
/// status, which the statement has to name.
const IN_ORDER: [&str; 3] = [
    "SELECT mailbox FROM mailboxes WHERE queue = ?1 AND status = 'leased' ORDER BY at LIMIT ?2",
    "SELECT mailbox FROM mailboxes WHERE queue = ?1 AND status = 'delayed' ORDER BY at LIMIT ?2",
    "SELECT mailbox FROM mailboxes WHERE queue = ?1 AND status = 'suspect' ORDER BY at LIMIT ?2",
];

fn heads(tx: &Transaction<'_>, queue: &Queue, limit: usize) -> StorageResult<Vec<Head>> {
    let number = tx.find_partition(&queue.partition)?.queue(queue.kind);
    let mut groups: Vec<String> = Vec::new();
    for listing in IN_ORDER {
        groups.extend(tx.query_all(listing, params![number, to_i64(limit)], |row| row.get(0))?);
    }
    groups.extend(ready(tx, number, limit)?);
    let mut heads = Vec::with_capacity(groups.len());
    for group in groups {
        heads.extend(tx.query_optional(
            "SELECT mailbox, id, payload, status, at, attempt, failures, length
             FROM mailboxes JOIN messages INDEXED BY messages_by_mailbox USING (queue, mailbox)
             WHERE queue = ?1 AND mailbox = ?2 ORDER BY sequence LIMIT 1",
            params![number, group],
            |row| head(tx.now, row),
        )?);
    }
    Ok(heads)
}

/// Returns the groups that have been ready for longest. They stand in order by line.
fn ready(tx: &Transaction<'_>, queue: i64, limit: usize) -> StorageResult<Vec<String>> {
    let lines = "SELECT '' UNION ALL SELECT line FROM lines WHERE queue = ?1";
    let mut ready: Vec<(i64, String)> = Vec::new();
    for line in tx.query_all(lines, [queue], |row| row.get::<_, String>(0))? {
        ready.extend(tx.query_all(
            "SELECT at, mailbox FROM mailboxes WHERE queue = ?1 AND status = 'ready' AND line = ?2
             ORDER BY at, mailbox LIMIT ?3",
            params![queue, line, to_i64(limit)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?);
    }
    ready.sort();
    Ok(ready.into_iter().take(limit).map(|(_, mailbox)| mailbox).collect())
}

fn head(now: i64, row: &Row<'_>) -> rusqlite::Result<Head> {
    let ends: i64 = row.get(4)?;
    let left = Duration::from_millis(to_u64(ends.saturating_sub(now)));
    let state = match row.get::<_, String>(3)?.as_str() {
        "leased" => HeadState::Leased(left),
        "delayed" => HeadState::Delayed(left),
        "suspect" => HeadState::Suspect,
        _ => HeadState::Ready,
    };
    Ok(Head {
        group: Group::from_id(row.get::<_, String>(0)?),
        id: MessageId::new(row.get::<_, String>(1)?),
        payload: row.get(2)?,
        state,
        attempts: row.get(5)?,
        failures: row.get(6)?,
        depth: to_u64(row.get(7)?),
    })
}
