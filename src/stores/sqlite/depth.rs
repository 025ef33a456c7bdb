//! Depth of a queue.

use super::tallies::Tally;
use super::transaction::{StorageResult, Transaction, to_u64};
use crate::contracts::storage::{Depth, Queue};

/// Returns the depth of a queue by what the thread that writes has counted.
pub(super) fn depth(tx: &Transaction<'_>, queue: &Queue) -> StorageResult<Depth> {
    let queue = tx.find_partition(&queue.partition)?.queue(queue.kind);
    let counters = tx.counters(queue)?;
    let tally = tx.memo.borrow().tally(queue);
    complete(tx, queue, counters.given - counters.done, tally)
}

/// Returns the depth of a queue by counting all of it.
pub(super) fn counted_depth(tx: &Transaction<'_>, queue: &Queue) -> StorageResult<Depth> {
    let queue = tx.find_partition(&queue.partition)?.queue(queue.kind);
    let number = |sql: &'static str| -> StorageResult<i64> {
        Ok(tx.query_number(sql, [queue])?.unwrap_or_default())
    };
    let tally = Tally {
        groups: number("SELECT count(*) FROM mailboxes WHERE queue = ?1")?,
        delayed: number("SELECT count(*) FROM mailboxes WHERE queue = ?1 AND status = 'delayed'")?,
        scheduled: number("SELECT count(*) FROM wakes WHERE queue = ?1")?,
        dead: number("SELECT count(*) FROM dead_letters WHERE queue = ?1")?,
    };
    let pending = number("SELECT given - done FROM queues WHERE queue = ?1")?;
    complete(tx, queue, pending, tally)
}

fn complete(tx: &Transaction<'_>, queue: i64, pending: i64, tally: Tally) -> StorageResult<Depth> {
    let number = |sql: &'static str| -> StorageResult<u64> {
        Ok(to_u64(tx.query_number(sql, [queue])?.unwrap_or_default()))
    };
    let leased = number(
        "SELECT count(*) FROM mailboxes INDEXED BY mailboxes_leased
         WHERE queue = ?1 AND status = 'leased'",
    )?;
    let suspect = number(
        "SELECT count(*) FROM mailboxes INDEXED BY mailboxes_suspect
         WHERE queue = ?1 AND status = 'suspect'",
    )?;
    let delayed = to_u64(tally.delayed);
    Ok(Depth {
        pending: to_u64(pending),
        ready: to_u64(tally.groups).saturating_sub(leased + delayed + suspect),
        leased,
        delayed,
        suspect,
        scheduled: to_u64(tally.scheduled),
        dead: to_u64(tally.dead),
    })
}
