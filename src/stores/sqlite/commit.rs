//! Checks and changes of a commit.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::tallies::Tally;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_u64};
use crate::contracts::storage::{Commit, Entry, QueueKind, RecipientLimit, encoding};
use crate::model::state::{Check, Write};

/// Time for which our own messages are recognised in a provider's list.
const KNOWN_SENT: Duration = Duration::from_hours(24);

/// First byte of the digests of messages that are known to be sent. The others are shorter by it.
pub(super) const SENT: u8 = b's';

/// Returns the digest of a message that is known to be sent.
fn sent_digest(provider_id: &str) -> Vec<u8> {
    std::iter::once(SENT).chain(encoding::sent_digest(provider_id)).collect()
}

/// Tests whether a message is known to be sent.
pub(super) fn is_sent(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    provider_id: &str,
) -> StorageResult<bool> {
    // Earlier versions did not mark the digests.
    Ok(tx.is_known(row, &sent_digest(provider_id))?
        || tx.is_known(row, &encoding::sent_digest(provider_id))?)
}

/// Tests whether a read still has the same result.
pub(super) fn holds(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    check: &Check,
) -> StorageResult<bool> {
    match check {
        Check::Value { key, expected } => Ok(tx.value(row, key)? == *expected),
        Check::Member { pool, member } => {
            let ticket = tx.query_number(
                "SELECT ticket FROM pools
                 WHERE partition = ?1 AND pool = ?2 AND mailbox = ?3 AND until > ?4",
                params![row.number, pool, member.group.as_str(), tx.now],
            )?;
            Ok(ticket.is_some_and(|ticket| u64::try_from(ticket) == Ok(member.ticket)))
        }
    }
}

/// Tests whether too many messages wait for the recipient of a commit.
pub(super) fn is_congested(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    commit: &Commit,
) -> StorageResult<bool> {
    let Some(RecipientLimit { group, max_depth }) = &commit.recipient else { return Ok(false) };
    let waiting = tx.query_number(
        "SELECT length FROM mailboxes WHERE queue = ?1 AND mailbox = ?2",
        params![row.queue(QueueKind::Outbox), group.as_str()],
    )?;
    Ok(to_u64(waiting.unwrap_or_default()) >= *max_depth)
}

pub(super) fn write(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    write: &Write,
) -> StorageResult<()> {
    let partition = row.number;
    match write {
        Write::Put { key, value, ttl } => tx.execute(
            "INSERT INTO state (partition, key, value, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET value = excluded.value, until = excluded.until",
            params![partition, key, value, tx.in_future(*ttl)],
        )?,
        Write::Remove { key } => tx.execute(
            "DELETE FROM state WHERE partition = ?1 AND key = ?2",
            params![partition, key],
        )?,
        Write::Insert { pool, group, ttl } => {
            // All of a commit happens at one time, but a later insert of it gets a later place.
            let ticket = tx.take_ticket();
            tx.execute(
                "INSERT INTO pools (partition, pool, mailbox, ticket, until)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET until = excluded.until,
                     ticket = iif(until > ?6, ticket, excluded.ticket)",
                params![partition, pool, group.as_str(), ticket, tx.in_future(*ttl), tx.now],
            )?
        }
        Write::Take { pool, group } => tx.execute(
            "DELETE FROM pools WHERE partition = ?1 AND pool = ?2 AND mailbox = ?3",
            params![partition, pool, group.as_str()],
        )?,
        Write::Count { name, by, ttl } => tx.execute(
            "INSERT INTO counters (partition, counter, total, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET until = excluded.until,
                 total = excluded.total + iif(until > ?5, total, 0)",
            params![partition, name, by, tx.in_future(*ttl), tx.now],
        )?,
    };
    Ok(())
}

/// Appends a wake to its group now, or schedules it.
pub(super) fn wake(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    entry: &Entry,
    due: Option<DateTime<Utc>>,
) -> StorageResult<()> {
    let Some(due) = due else { return tx.append_wake(row, QueueKind::Inbound, entry) };
    let (queue, due) = (row.queue(QueueKind::Inbound), due.timestamp_millis());
    let wake = params![queue, entry.group.as_str(), entry.id.as_str(), entry.payload, due];
    let moved = tx.execute(
        "UPDATE wakes SET due = ?5 WHERE queue = ?1 AND mailbox = ?2 AND id = ?3 AND payload = ?4",
        wake,
    )?;
    if moved == 0 {
        tx.execute(
            "INSERT INTO wakes (queue, mailbox, id, payload, due) VALUES (?1, ?2, ?3, ?4, ?5)",
            wake,
        )?;
        tx.count(queue, Tally::scheduled(1));
    }
    tx.expect(queue, due);
    tx.notify_ready(row, QueueKind::Inbound);
    Ok(())
}

pub(super) fn mark_sent(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    provider_id: &str,
) -> StorageResult<()> {
    tx.remember(row, &sent_digest(provider_id), KNOWN_SENT)
}

/// Removes state, counters, digests and pool members whose time is over.
pub(super) fn remove_expired(tx: &Transaction<'_>, row: &PartitionRow<'_>) -> StorageResult<()> {
    for sql in [
        "DELETE FROM state WHERE partition = ?1 AND until <= ?2",
        "DELETE FROM counters WHERE partition = ?1 AND until <= ?2",
        "DELETE FROM known WHERE partition = ?1 AND until <= ?2",
        "DELETE FROM pools WHERE partition = ?1 AND until <= ?2",
    ] {
        tx.execute(sql, [row.number, tx.now])?;
    }
    Ok(())
}
