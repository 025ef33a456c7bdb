//! The transaction of one move: statements, the time, and the notifications to send after the commit.

use std::cell::RefCell;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Params, Row, Statement};

use super::memo::Memo;
use super::statements::Statements;
use crate::contracts::storage::{Partition, Queue, QueueKind, StorageError};
use crate::model::clock::millis;

pub(super) type StorageResult<T> = Result<T, StorageError>;

/// A move that is not committed yet.
pub(super) struct Transaction<'c> {
    statements: &'c dyn Statements,
    pub(super) memo: &'c RefCell<Memo>,
    /// Time of the whole move, in milliseconds.
    pub(super) now: i64,
    /// Place of the move among all others, in microseconds; later moves have higher ones.
    pub(super) ticket: i64,
    next_ticket: i64,
    /// Notifications to send after the commit.
    pub(super) notifications: Vec<Notification>,
}

/// A change that callers wait for.
pub(super) enum Notification {
    Ready(Queue),
    FeedEntry(String),
}

/// A partition and the number of its row.
pub(super) struct PartitionRow<'p> {
    pub(super) partition: &'p Partition,
    pub(super) number: i64,
}

impl PartitionRow<'_> {
    pub(super) fn queue(&self, kind: QueueKind) -> i64 {
        2 * self.number + i64::from(kind == QueueKind::Outbox)
    }
}

impl<'c> Transaction<'c> {
    /// `last` is the newest ticket that was ever issued.
    pub(super) fn new(
        statements: &'c dyn Statements,
        memo: &'c RefCell<Memo>,
        time: DateTime<Utc>,
        last: i64,
    ) -> Self {
        let ticket = time.timestamp_micros().max(last + 1);
        let now = time.timestamp_millis();
        Self { statements, memo, now, ticket, next_ticket: ticket, notifications: Vec::new() }
    }

    /// Issues a ticket for one of several changes of this move.
    pub(super) fn take_ticket(&mut self) -> i64 {
        self.next_ticket += 1;
        self.next_ticket - 1
    }

    /// Issues a ticket for what follows all changes of this move so far.
    pub(super) fn take_later_ticket(&mut self) -> i64 {
        self.next_ticket = self.next_ticket.max(self.ticket + 1);
        self.take_ticket()
    }

    pub(super) fn last_ticket(&self) -> i64 {
        self.ticket.max(self.next_ticket - 1)
    }

    /// Returns the time that is `time` later.
    pub(super) fn in_future(&self, time: Duration) -> i64 {
        self.now.saturating_add(to_i64(millis(time)))
    }

    /// Returns the time that is `time` earlier.
    pub(super) fn in_past(&self, time: Duration) -> i64 {
        self.now.saturating_sub(to_i64(millis(time)))
    }

    /// Wakes a consumer of the queue after the commit.
    pub(super) fn notify_ready(&mut self, row: &PartitionRow<'_>, kind: QueueKind) {
        let partition = row.partition.clone();
        self.notifications.push(Notification::Ready(Queue { partition, kind }));
    }

    /// Executes a statement, and returns the number of rows that it changed.
    pub(super) fn execute(&self, sql: &'static str, values: impl Params) -> StorageResult<usize> {
        self.with(sql, |statement| statement.execute(values))
    }

    /// Returns the first row of a query, if it has any.
    pub(super) fn query_optional<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StorageResult<Option<T>> {
        self.with(sql, |statement| statement.query_row(values, read).optional())
    }

    /// Returns the first row of a query that is wanted, and reads no further.
    pub(super) fn query_first<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
        mut is_wanted: impl FnMut(&T) -> bool,
    ) -> StorageResult<Option<T>> {
        self.with(sql, |statement| {
            let mut rows = statement.query_map(values, read)?;
            rows.find(|row| row.as_ref().map_or(true, &mut is_wanted)).transpose()
        })
    }

    /// Returns the number that a query finds; `None` when there is no row or it is NULL.
    pub(super) fn query_number(
        &self,
        sql: &'static str,
        values: impl Params,
    ) -> StorageResult<Option<i64>> {
        Ok(self.query_optional(sql, values, |row| row.get(0))?.flatten())
    }

    /// Runs through the rows of a query one by one.
    pub(super) fn for_each(
        &self,
        sql: &'static str,
        values: impl Params,
        mut each: impl FnMut(&Row<'_>) -> StorageResult<()>,
    ) -> StorageResult<()> {
        self.with(sql, |statement| {
            let mut rows = statement.query(values)?;
            while let Some(row) = rows.next()? {
                if let Err(error) = each(row) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        })?
    }

    pub(super) fn query_all<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StorageResult<Vec<T>> {
        self.with(sql, |statement| statement.query_map(values, read)?.collect())
    }

    /// Returns the connection, for statements whose text is not known beforehand.
    pub(super) fn connection(&self) -> &Connection {
        self.statements.connection()
    }

    fn with<T>(
        &self,
        sql: &'static str,
        run: impl FnOnce(&mut Statement<'_>) -> rusqlite::Result<T>,
    ) -> StorageResult<T> {
        let (mut run, mut outcome) = (Some(run), None);
        self.statements.with(sql, &mut |statement| {
            outcome = run.take().map(|run| run(statement));
        })?;
        Ok(outcome.expect("a statement that is compiled runs")?)
    }

    /// Returns a partition for reading. One that was never written to gets a number that no row has.
    pub(super) fn find_partition<'p>(
        &self,
        partition: &'p Partition,
    ) -> StorageResult<PartitionRow<'p>> {
        if let Some(number) = self.memo.borrow().partition(partition) {
            return Ok(PartitionRow { partition, number });
        }
        let number = self.query_optional(
            "SELECT partition FROM partitions WHERE topic = ?1 AND number = ?2",
            (partition.topic.as_str(), partition.number),
            |row| row.get(0),
        )?;
        if let Some(number) = number {
            self.memo.borrow_mut().keep_partition(partition, number);
        }
        Ok(PartitionRow { partition, number: number.unwrap_or(-1) })
    }

    /// Returns a partition for writing, and inserts it if there is none.
    pub(super) fn ensure_partition<'p>(
        &self,
        partition: &'p Partition,
    ) -> StorageResult<PartitionRow<'p>> {
        let found = self.find_partition(partition)?;
        if found.number >= 0 {
            return Ok(found);
        }
        self.execute(
            "INSERT INTO partitions (topic, number) VALUES (?1, ?2)",
            (partition.topic.as_str(), partition.number),
        )?;
        let row = self.find_partition(partition)?;
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            self.execute("INSERT INTO queues (queue) VALUES (?1)", [row.queue(kind)])?;
        }
        Ok(row)
    }
}

/// Converts a number to SQLite's type.
pub(super) fn to_i64(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Converts a count from SQLite's type.
pub(super) fn to_u64(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
