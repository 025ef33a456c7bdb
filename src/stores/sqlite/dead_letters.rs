//! Dead letters: burying a message, listing, replaying and discarding.

use chrono::DateTime;
use rusqlite::{Row, params};

use super::tallies::Tally;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64};
use crate::contracts::storage::encoding::MAX_DEAD_LETTERS;
use crate::contracts::storage::{
    Claim, DeadLetter, DeadLetterId, Entry, Queue, Replay, StorageError,
};
use crate::model::address::Group;
use crate::model::event::Facts;
use crate::model::message::MessageId;

/// Number and time of a letter. The number of a letter that is gone may be given again, but not with the
/// same time.
#[derive(Clone, Copy)]
pub(super) struct Place {
    number: i64,
    at: i64,
}

impl Place {
    pub(super) fn read(id: &DeadLetterId) -> StorageResult<Self> {
        let parts = id.as_str().split_once('-');
        let place = parts.and_then(|(number, at)| Some((number.parse().ok()?, at.parse().ok()?)));
        let place = place.map(|(number, at)| Self { number, at });
        place.ok_or_else(|| {
            StorageError::Corrupt("a position that this store did not issue".to_owned())
        })
    }
}

/// Inserts a dead letter, and removes the oldest above the maximum.
pub(super) fn insert(
    tx: &Transaction<'_>,
    queue: i64,
    claim: &Claim,
    reason: &str,
) -> StorageResult<()> {
    let number = tx.query_number(
        "INSERT INTO dead_letters (queue, number, at, mailbox, id, payload, reason) VALUES
             (?1, 1 + coalesce((SELECT max(number) FROM dead_letters WHERE queue = ?1), 0),
              ?2, ?3, ?4, ?5, ?6)
         RETURNING number",
        params![queue, tx.now, claim.group.as_str(), claim.id.as_str(), claim.payload, reason],
    )?;
    let oldest = number.unwrap_or_default() - to_i64(MAX_DEAD_LETTERS);
    let cut = "DELETE FROM dead_letters WHERE queue = ?1 AND number <= ?2";
    let removed = tx.execute(cut, [queue, oldest])?;
    tx.count(queue, Tally::dead(1 - to_i64(removed)));
    Ok(())
}

/// Returns a page of dead letters, the newest first.
pub(super) fn before(
    tx: &Transaction<'_>,
    queue: &Queue,
    before: Option<Place>,
    limit: usize,
) -> StorageResult<Vec<(DeadLetterId, DeadLetter)>> {
    let row = tx.find_partition(&queue.partition)?;
    let before = before.map_or(i64::MAX, |place| place.number);
    let letters = tx.query_all(
        "SELECT number, at, mailbox, id, payload, reason FROM dead_letters
         WHERE queue = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
        params![row.queue(queue.kind), before, to_i64(limit)],
        read,
    )?;
    letters.into_iter().map(dated).collect()
}

/// Returns those of these letters that exist.
pub(super) fn of(
    tx: &Transaction<'_>,
    queue: &Queue,
    ids: &[DeadLetterId],
) -> StorageResult<Vec<(DeadLetterId, DeadLetter)>> {
    let row = tx.find_partition(&queue.partition)?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let Place { number, at } = Place::read(id)?;
        let letter = tx.query_optional(
            "SELECT number, at, mailbox, id, payload, reason FROM dead_letters
             WHERE queue = ?1 AND number = ?2 AND at = ?3",
            params![row.queue(queue.kind), number, at],
            read,
        )?;
        found.extend(letter.map(dated).transpose()?);
    }
    Ok(found)
}

/// Appends dead letters to their groups again, and returns how many there were.
pub(super) fn replay(
    tx: &mut Transaction<'_>,
    queue: &Queue,
    replays: &[Replay],
) -> StorageResult<u64> {
    let row = tx.ensure_partition(&queue.partition)?;
    let mut replayed = 0;
    for Replay { letter, owed, facts } in replays {
        let Some(entry) = take(tx, row.queue(queue.kind), letter)? else { continue };
        tx.append(&row, queue.kind, &entry)?;
        if let Some(message) = owed {
            tx.execute(
                "INSERT INTO owed (partition, message, remaining) VALUES (?1, ?2, 1)
                 ON CONFLICT DO UPDATE SET remaining = remaining + 1",
                params![row.number, message.as_str()],
            )?;
        }
        record(tx, &row, facts.as_ref())?;
        replayed += 1;
    }
    Ok(replayed)
}

/// Removes dead letters, and returns how many there were.
pub(super) fn discard(
    tx: &mut Transaction<'_>,
    queue: &Queue,
    letters: &[(DeadLetterId, Option<Facts>)],
) -> StorageResult<u64> {
    let row = tx.ensure_partition(&queue.partition)?;
    let mut discarded = 0;
    for (letter, facts) in letters {
        if take(tx, row.queue(queue.kind), letter)?.is_some() {
            record(tx, &row, facts.as_ref())?;
            discarded += 1;
        }
    }
    Ok(discarded)
}

/// Removes a dead letter and returns its message, if it exists.
fn take(tx: &Transaction<'_>, queue: i64, letter: &DeadLetterId) -> StorageResult<Option<Entry>> {
    let Place { number, at } = Place::read(letter)?;
    let taken = tx.query_optional(
        "DELETE FROM dead_letters WHERE queue = ?1 AND number = ?2 AND at = ?3
         RETURNING mailbox, id, payload",
        [queue, number, at],
        |row| {
            Ok(Entry {
                group: Group::from_id(row.get::<_, String>(0)?),
                id: MessageId::new(row.get::<_, String>(1)?),
                payload: row.get(2)?,
            })
        },
    )?;
    tx.count(queue, Tally::dead(-i64::from(taken.is_some())));
    Ok(taken)
}

fn record(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    facts: Option<&Facts>,
) -> StorageResult<()> {
    facts.map_or(Ok(()), |facts| tx.record(row, facts, false))
}

/// Reads a letter whose time is still to be set.
fn read(row: &Row<'_>) -> rusqlite::Result<(Place, DeadLetter)> {
    let letter = DeadLetter {
        group: Group::from_id(row.get::<_, String>(2)?),
        id: MessageId::new(row.get::<_, String>(3)?),
        payload: row.get(4)?,
        reason: row.get(5)?,
        at: DateTime::UNIX_EPOCH,
    };
    Ok((Place { number: row.get(0)?, at: row.get(1)? }, letter))
}

fn dated((place, letter): (Place, DeadLetter)) -> StorageResult<(DeadLetterId, DeadLetter)> {
    let at = DateTime::from_timestamp_millis(place.at)
        .ok_or_else(|| StorageError::Corrupt("a dead letter with an impossible time".to_owned()))?;
    let id = DeadLetterId::new(format!("{}-{}", place.number, place.at));
    Ok((id, DeadLetter { at, ..letter }))
}
