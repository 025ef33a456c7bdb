//! Numbers of groups, wakes and dead letters, so that a depth costs the same however many there are. The
//! connection that writes counts them once when it opens the file; triggers of its own keep them from then
//! on, within the transaction of each change. None of it is in the file.

use rusqlite::Connection;

use super::transaction::{StorageResult, Transaction, to_u64};
use crate::contracts::storage::{Depth, Queue};

/// Table of the tallies, and the triggers on what is counted. Groups in hand and suspects are few, and
/// counted when they are asked for: a claim fires no trigger.
const TALLIES: &str = "
    CREATE TEMP TABLE tallies (
        queue INTEGER NOT NULL,
        what TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (queue, what)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tallies
        SELECT queue, 'groups', count(*) FROM mailboxes GROUP BY queue
        UNION ALL SELECT queue, 'delayed', count(*) FROM mailboxes WHERE status = 'delayed' GROUP BY queue
        UNION ALL SELECT queue, 'scheduled', count(*) FROM wakes GROUP BY queue
        UNION ALL SELECT queue, 'dead', count(*) FROM dead_letters GROUP BY queue;
    CREATE TEMP TRIGGER group_added AFTER INSERT ON main.mailboxes BEGIN
        INSERT INTO tallies VALUES (new.queue, 'groups', 1)
            ON CONFLICT DO UPDATE SET number = number + 1;
    END;
    CREATE TEMP TRIGGER group_removed AFTER DELETE ON main.mailboxes BEGIN
        UPDATE tallies SET number = number - 1 WHERE queue = old.queue AND what = 'groups';
    END;
    CREATE TEMP TRIGGER delayed_group_added AFTER INSERT ON main.mailboxes
    WHEN new.status = 'delayed' BEGIN
        INSERT INTO tallies VALUES (new.queue, 'delayed', 1)
            ON CONFLICT DO UPDATE SET number = number + 1;
    END;
    CREATE TEMP TRIGGER delayed_group_removed AFTER DELETE ON main.mailboxes
    WHEN old.status = 'delayed' BEGIN
        UPDATE tallies SET number = number - 1 WHERE queue = old.queue AND what = 'delayed';
    END;
    CREATE TEMP TRIGGER group_delayed AFTER UPDATE OF status ON main.mailboxes
    WHEN new.status = 'delayed' AND old.status <> 'delayed' BEGIN
        INSERT INTO tallies VALUES (new.queue, 'delayed', 1)
            ON CONFLICT DO UPDATE SET number = number + 1;
    END;
    CREATE TEMP TRIGGER group_due AFTER UPDATE OF status ON main.mailboxes
    WHEN old.status = 'delayed' AND new.status <> 'delayed' BEGIN
        UPDATE tallies SET number = number - 1 WHERE queue = old.queue AND what = 'delayed';
    END;
    CREATE TEMP TRIGGER wake_added AFTER INSERT ON main.wakes BEGIN
        INSERT INTO tallies VALUES (new.queue, 'scheduled', 1)
            ON CONFLICT DO UPDATE SET number = number + 1;
    END;
    CREATE TEMP TRIGGER wake_removed AFTER DELETE ON main.wakes BEGIN
        UPDATE tallies SET number = number - 1 WHERE queue = old.queue AND what = 'scheduled';
    END;
    CREATE TEMP TRIGGER letter_added AFTER INSERT ON main.dead_letters BEGIN
        INSERT INTO tallies VALUES (new.queue, 'dead', 1)
            ON CONFLICT DO UPDATE SET number = number + 1;
    END;
    CREATE TEMP TRIGGER letter_removed AFTER DELETE ON main.dead_letters BEGIN
        UPDATE tallies SET number = number - 1 WHERE queue = old.queue AND what = 'dead';
    END;";

/// Counts what a file holds, and keeps the numbers while this connection writes it.
pub(super) fn keep(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(TALLIES)
}

/// Returns the depth of a queue by the tallies, which only the connection that writes has.
pub(super) fn depth(tx: &Transaction<'_>, queue: &Queue) -> StorageResult<Depth> {
    read(tx, queue, "SELECT what, number FROM tallies WHERE queue = ?1")
}

/// Returns the depth of a queue by counting all of it.
pub(super) fn counted_depth(tx: &Transaction<'_>, queue: &Queue) -> StorageResult<Depth> {
    read(
        tx,
        queue,
        "SELECT 'groups', count(*) FROM mailboxes WHERE queue = ?1
         UNION ALL SELECT 'delayed', count(*) FROM mailboxes WHERE queue = ?1 AND status = 'delayed'
         UNION ALL SELECT 'scheduled', count(*) FROM wakes WHERE queue = ?1
         UNION ALL SELECT 'dead', count(*) FROM dead_letters WHERE queue = ?1",
    )
}

fn read(tx: &Transaction<'_>, queue: &Queue, tallies: &str) -> StorageResult<Depth> {
    let queue = tx.find_partition(&queue.partition)?.queue(queue.kind);
    let number = |sql: &str| -> StorageResult<u64> {
        Ok(to_u64(tx.query_number(sql, [queue])?.unwrap_or_default()))
    };
    let few = "SELECT count(*) FROM mailboxes WHERE queue = ?1 AND status =";
    let mut depth = Depth {
        pending: number("SELECT given - done FROM queues WHERE queue = ?1")?,
        leased: number(&format!("{few} 'leased'"))?,
        suspect: number(&format!("{few} 'suspect'"))?,
        ..Depth::default()
    };
    let mut groups = 0;
    let tally = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
    for (what, number) in tx.query_all(tallies, [queue], tally)? {
        match what.as_str() {
            "groups" => groups = to_u64(number),
            "delayed" => depth.delayed = to_u64(number),
            "scheduled" => depth.scheduled = to_u64(number),
            _ => depth.dead = to_u64(number),
        }
    }
    depth.ready = groups.saturating_sub(depth.leased + depth.delayed + depth.suspect);
    Ok(depth)
}
