//! Pushes of accepted messages.

use std::time::Duration;

use rusqlite::params;

use super::commit;
use super::records::REMEMBERED;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64, to_u64};
use crate::contracts::storage::encoding::{
    DROP_INTERVAL, MAILBOX_FULL, RATE_EXCEEDED, SENDER_BARRED, digest, dropped,
};
use crate::contracts::storage::{Once, Partition, Push, Pushed, QueueKind, SenderRate};
use crate::model::clock::millis;
use crate::model::state::Write;

/// Appends a message to its group, once, with the outbound messages that it causes at once.
pub(super) fn push(
    tx: &mut Transaction<'_>,
    partition: &Partition,
    push: &Push,
) -> StorageResult<Pushed> {
    let row = tx.ensure_partition(partition)?;
    let is_barred = is_barred(tx, &row, &push.marks)?;
    if is_known(tx, &row, push)? {
        return Ok(if is_barred { Pushed::Barred } else { Pushed::Duplicate });
    }
    let id = digest(&[push.entry.id.as_str()]);
    // What a sender may not write is dropped for good, or a repetition would come out of its order.
    if is_barred {
        tx.remember(&row, &id, REMEMBERED)?;
        record_drop(tx, &row, push, SENDER_BARRED)?;
        return Ok(Pushed::Barred);
    }
    if let Some(rate) = &push.rate
        && is_empty(tx, &row, rate)?
    {
        tx.remember(&row, &id, REMEMBERED)?;
        let full = full_at(tx, &row, rate)?;
        keep_bucket(tx, &row, rate, full)?;
        append_once(tx, &row, rate.notice.as_ref())?;
        record_drop(tx, &row, push, RATE_EXCEEDED)?;
        return Ok(Pushed::Limited);
    }
    let room = if push.is_queued { room(tx, &row, push)? } else { Room::Free };
    match room {
        Room::Free => {}
        Room::PartitionFull => return Ok(Pushed::Full),
        // Not remembered, the message is accepted when it is sent again and there is room.
        Room::GroupFull => {
            if push.is_dropped_for_good {
                tx.remember(&row, &id, REMEMBERED)?;
            }
            write(tx, &row, &push.writes)?;
            record_drop(tx, &row, push, MAILBOX_FULL)?;
            return Ok(Pushed::GroupFull);
        }
    }
    accept(tx, &row, push)?;
    Ok(Pushed::Accepted)
}

fn accept(tx: &mut Transaction<'_>, row: &PartitionRow<'_>, push: &Push) -> StorageResult<()> {
    tx.remember(row, &digest(&[push.entry.id.as_str()]), REMEMBERED)?;
    if let Some(rate) = &push.rate {
        take(tx, row, rate)?;
    }
    write(tx, row, &push.writes)?;
    if push.is_queued {
        tx.append(row, QueueKind::Inbound, &push.entry)?;
    }
    append_once(tx, row, push.once.as_ref())?;
    for entry in &push.outbox {
        tx.append(row, QueueKind::Outbox, entry)?;
    }
    tx.record(row, &push.facts, false)
}

/// Records the first drop of a sender within a time for each reason.
fn record_drop(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    push: &Push,
    reason: &str,
) -> StorageResult<()> {
    let key = format!("dropped:{reason}:{}", push.entry.group);
    if tx.value(row, &key)?.is_some() {
        return Ok(());
    }
    let value = "1".to_owned();
    commit::write(tx, row, &Write::Put { key, value, ttl: DROP_INTERVAL })?;
    tx.record(row, &dropped(&push.facts, reason), false)
}

fn write(tx: &mut Transaction<'_>, row: &PartitionRow<'_>, writes: &[Write]) -> StorageResult<()> {
    writes.iter().try_for_each(|write| commit::write(tx, row, write))
}

fn is_barred(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    marks: &[String],
) -> StorageResult<bool> {
    for mark in marks {
        if tx.value(row, mark)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_known(tx: &Transaction<'_>, row: &PartitionRow<'_>, push: &Push) -> StorageResult<bool> {
    for id in [&push.entry.id].into_iter().chain(&push.aliases) {
        if tx.is_known(row, &digest(&[id.as_str()]))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Room for one more message.
enum Room {
    Free,
    PartitionFull,
    GroupFull,
}

fn room(tx: &Transaction<'_>, row: &PartitionRow<'_>, push: &Push) -> StorageResult<Room> {
    let pending =
        pending(tx, row.queue(QueueKind::Inbound))? + pending(tx, row.queue(QueueKind::Outbox))?;
    if pending >= push.max_depth {
        return Ok(Room::PartitionFull);
    }
    let is_crowded = pending >= push.crowded_at();
    let crowded = if is_crowded { push.max_crowded_depth } else { u64::MAX };
    let waiting = tx.query_number(
        "SELECT length FROM mailboxes WHERE queue = ?1 AND mailbox = ?2",
        params![row.queue(QueueKind::Inbound), push.entry.group.as_str()],
    )?;
    let is_full = to_u64(waiting.unwrap_or_default()) >= push.max_group_depth.min(crowded);
    Ok(if is_full { Room::GroupFull } else { Room::Free })
}

fn pending(tx: &Transaction<'_>, queue: i64) -> StorageResult<u64> {
    let counters = tx.counters(queue)?;
    Ok(to_u64(counters.given - counters.done))
}

fn interval(rate: &SenderRate) -> i64 {
    to_i64(millis(rate.interval)).max(1)
}

/// Returns the time at which a bucket is full; each message takes one interval of it. A time beyond that
/// of an empty one was left by a clock that was ahead, or by another rate, and must not mute.
fn full_at(tx: &Transaction<'_>, row: &PartitionRow<'_>, rate: &SenderRate) -> StorageResult<i64> {
    let stored = tx.value(row, &rate.bucket)?.and_then(|full| full.parse().ok());
    let empty = interval(rate).saturating_mul(i64::from(rate.burst));
    Ok(stored.unwrap_or(tx.now).clamp(tx.now, tx.now.saturating_add(empty)))
}

/// Tests whether a bucket has no room for a message.
fn is_empty(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    rate: &SenderRate,
) -> StorageResult<bool> {
    let burst = interval(rate).saturating_mul(i64::from(rate.burst) - 1);
    Ok(full_at(tx, row, rate)? - tx.now > burst)
}

fn take(tx: &mut Transaction<'_>, row: &PartitionRow<'_>, rate: &SenderRate) -> StorageResult<()> {
    let full = full_at(tx, row, rate)?.saturating_add(interval(rate));
    keep_bucket(tx, row, rate, full)
}

fn keep_bucket(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    rate: &SenderRate,
    full: i64,
) -> StorageResult<()> {
    let (key, value) = (rate.bucket.clone(), full.to_string());
    let ttl = Duration::from_millis(to_u64(full - tx.now));
    commit::write(tx, row, &Write::Put { key, value, ttl })
}

/// Puts a message into the outbox, unless it was within its time.
fn append_once(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    once: Option<&Once>,
) -> StorageResult<()> {
    let Some(Once { key, every, entry }) = once else { return Ok(()) };
    if tx.value(row, key)?.is_some() {
        return Ok(());
    }
    let (key, value) = (key.clone(), "1".to_owned());
    commit::write(tx, row, &Write::Put { key, value, ttl: *every })?;
    tx.append(row, QueueKind::Outbox, entry)
}
