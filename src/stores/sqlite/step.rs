//! What one move sees: the file, the time, and what is to be told when the move is safe.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::contracts::storage::{Partition, Queue, QueueKind, StorageError};
use crate::model::clock::millis;

pub(super) type Answer<T> = Result<T, StorageError>;

/// A move under way. Nothing of it is true before its transaction is committed.
pub(super) struct Step<'c> {
    db: &'c Connection,
    /// The time of the whole move, in milliseconds.
    pub(super) now: i64,
    /// The move's place among all others, in microseconds; later moves have later ones.
    pub(super) ticket: i64,
    next_ticket: i64,
    pub(super) news: Vec<News>,
}

/// What somebody may wait to hear of.
pub(super) enum News {
    Ready(Queue),
    FeedEntry(String),
}

/// A partition, and its number in the file.
pub(super) struct Home<'p> {
    pub(super) partition: &'p Partition,
    pub(super) number: i64,
}

impl Home<'_> {
    pub(super) fn queue(&self, kind: QueueKind) -> i64 {
        2 * self.number + i64::from(kind == QueueKind::Outbox)
    }
}

impl<'c> Step<'c> {
    /// `last` is the newest ticket that was ever given out.
    pub(super) fn new(db: &'c Connection, time: DateTime<Utc>, last: i64) -> Self {
        let ticket = time.timestamp_micros().max(last + 1);
        let now = time.timestamp_millis();
        Self { db, now, ticket, next_ticket: ticket, news: Vec::new() }
    }

    /// A ticket for one of several things that happen in this move, one after the other.
    pub(super) fn take_ticket(&mut self) -> i64 {
        self.next_ticket += 1;
        self.next_ticket - 1
    }

    pub(super) fn last_ticket(&self) -> i64 {
        self.ticket.max(self.next_ticket - 1)
    }

    pub(super) fn in_a_while(&self, time: Duration) -> i64 {
        self.now.saturating_add(whole(millis(time)))
    }

    pub(super) fn a_while_ago(&self, time: Duration) -> i64 {
        self.now.saturating_sub(whole(millis(time)))
    }

    pub(super) fn ring(&mut self, home: &Home<'_>, kind: QueueKind) {
        let partition = home.partition.clone();
        self.news.push(News::Ready(Queue { partition, kind }));
    }

    /// Runs a statement; answers how many rows it changed.
    pub(super) fn run(&self, sql: &str, values: impl Params) -> Answer<usize> {
        Ok(self.db.prepare_cached(sql)?.execute(values)?)
    }

    /// The first row of what a statement finds.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Answer<Option<T>> {
        Ok(self.db.prepare_cached(sql)?.query_row(values, read).optional()?)
    }

    /// Returns the first row of a statement that is wanted, and reads no further.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
        is_wanted: impl Fn(&T) -> bool,
    ) -> Answer<Option<T>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query_map(values, read)?;
        Ok(rows.find(|row| row.as_ref().map_or(true, &is_wanted)).transpose()?)
    }

    /// What a statement always finds: a count, the highest of something.
    pub(super) fn figure(&self, sql: &str, values: impl Params) -> Answer<Option<i64>> {
        Ok(self.one(sql, values, |row| row.get(0))?.flatten())
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Answer<Vec<T>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A partition for reading. One that nobody has written to has a number that no row has.
    pub(super) fn find<'p>(&self, partition: &'p Partition) -> Answer<Home<'p>> {
        let number = self.one(
            "SELECT partition FROM partitions WHERE topic = ?1 AND number = ?2",
            (partition.topic.as_str(), partition.number),
            |row| row.get(0),
        )?;
        Ok(Home { partition, number: number.unwrap_or(-1) })
    }

    /// A partition for writing.
    pub(super) fn home<'p>(&self, partition: &'p Partition) -> Answer<Home<'p>> {
        let found = self.find(partition)?;
        if found.number >= 0 {
            return Ok(found);
        }
        self.run(
            "INSERT INTO partitions (topic, number) VALUES (?1, ?2)",
            (partition.topic.as_str(), partition.number),
        )?;
        let home = self.find(partition)?;
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            self.run("INSERT INTO queues (queue) VALUES (?1)", [home.queue(kind)])?;
        }
        Ok(home)
    }
}

/// A number as the file holds it.
pub(super) fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A count that the file holds.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
