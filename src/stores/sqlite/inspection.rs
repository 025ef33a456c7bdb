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

fn heads(tx: &Transaction<'_>, queue: &Queue, limit: usize) -> StorageResult<Vec<Head>> {
    let number = tx.find_partition(&queue.partition)?.queue(queue.kind);
    let mut heads = Vec::new();
    for status in ["leased", "delayed", "suspect", "ready"] {
        // The limit stands in front of the search for the messages, so that it bounds that too.
        let found = tx.query_all(
            "WITH first AS (SELECT * FROM mailboxes WHERE queue = ?1 AND status = ?2
                 ORDER BY at LIMIT ?3)
             SELECT mailbox, id, payload, status, at, attempt, failures, length
             FROM first JOIN messages USING (queue, mailbox)
             WHERE sequence = (SELECT min(sequence) FROM messages AS it
                 WHERE it.queue = first.queue AND it.mailbox = first.mailbox)
             ORDER BY at",
            params![number, status, to_i64(limit)],
            |row| head(tx.now, row),
        )?;
        heads.extend(found);
    }
    Ok(heads)
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
