//! Numbers of groups, wakes and dead letters, so that a depth costs the same however many there are. The
//! thread that writes counts them once when it opens the file, and keeps them in its `memo` from then on.
//! None of it is in the file.

use std::collections::HashMap;

use rusqlite::Connection;

use super::transaction::{StorageResult, Transaction, to_u64};
use crate::contracts::storage::{Depth, Queue};

/// What a queue holds, or a change of it. Groups in hand and suspects are few, and counted when they are
/// asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    groups: i64,
    delayed: i64,
    scheduled: i64,
    dead: i64,
}

impl Tally {
    pub(super) fn groups(groups: i64) -> Self {
        Self { groups, ..Self::default() }
    }

    pub(super) fn delayed(delayed: i64) -> Self {
        Self { delayed, ..Self::default() }
    }

    pub(super) fn scheduled(scheduled: i64) -> Self {
        Self { scheduled, ..Self::default() }
    }

    pub(super) fn dead(dead: i64) -> Self {
        Self { dead, ..Self::default() }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.groups += other.groups;
        self.delayed += other.delayed;
        self.scheduled += other.scheduled;
        self.dead += other.dead;
    }
}

/// Query of a count of each queue, and the tally that the count is.
type Count = (&'static str, fn(i64) -> Tally);

/// Counts what a file holds.
pub(super) fn all(db: &Connection) -> rusqlite::Result<HashMap<i64, Tally>> {
    let mut tallies: HashMap<i64, Tally> = HashMap::new();
    let counts: [Count; 4] = [
        ("SELECT queue, count(*) FROM mailboxes GROUP BY queue", Tally::groups),
        (
            "SELECT queue, count(*) FROM mailboxes WHERE status = 'delayed' GROUP BY queue",
            Tally::delayed,
        ),
        ("SELECT queue, count(*) FROM wakes GROUP BY queue", Tally::scheduled),
        ("SELECT queue, count(*) FROM dead_letters GROUP BY queue", Tally::dead),
    ];
    for (sql, tally) in counts {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            tallies.entry(row.get(0)?).or_default().add(tally(row.get(1)?));
        }
    }
    Ok(tallies)
}

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
