//! The work of a thread that owns a connection.
//!
//! Waiting jobs run in one transaction. It is committed, which writes it to the disk, and only then are
//! all of them answered. A disk writes a few hundred times a second, so the more jobs wait, the more of
//! them share one write. When one of them fails, all are rolled back, and each runs again in a transaction
//! of its own: that is rare, and a savepoint for each would cost every move a copy of the pages that it
//! changes.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::job::Job;
use super::memo::Memo;
use super::notifiers::Notifiers;
use super::statements::{Compiled, Statements};
use super::steps::{self, Watch};
use super::transaction::{Notification, StorageResult, Transaction};
use crate::model::clock::Clock;

/// Parts that the thread starts with.
pub(super) struct JobRunner {
    pub(super) db: Connection,
    pub(super) memo: Memo,
    pub(super) clock: Arc<dyn Clock>,
    /// Watch over the clock; none for a thread that only reads.
    pub(super) watch: Option<Watch>,
    pub(super) notifiers: Arc<Notifiers>,
    /// The newest ticket that was issued.
    pub(super) last_ticket: i64,
    /// Maximum number of jobs in one transaction.
    pub(super) batch_size: usize,
    /// Statement that begins a transaction.
    pub(super) begin: &'static str,
}

impl JobRunner {
    pub(super) fn run(self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let statements = Compiled::new(&self.db);
        let mut session = Session {
            statements: &statements,
            memo: RefCell::new(self.memo),
            clock: self.clock,
            watch: self.watch,
            notifiers: self.notifiers,
            last_ticket: self.last_ticket,
            begin: self.begin,
            version: None,
        };
        let mut batch = Vec::with_capacity(self.batch_size);
        while waiting.blocking_recv_many(&mut batch, self.batch_size) > 0 {
            session.step(&mut batch);
        }
    }
}

/// The state of the thread.
struct Session<'c> {
    statements: &'c dyn Statements,
    memo: RefCell<Memo>,
    clock: Arc<dyn Clock>,
    watch: Option<Watch>,
    notifiers: Arc<Notifiers>,
    last_ticket: i64,
    begin: &'static str,
    /// Changes with each transaction of another connection.
    version: Option<i64>,
}

impl Session<'_> {
    /// Runs a batch of jobs in one transaction, and answers them.
    fn step(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let mut notifications = Vec::new();
        let transaction = match self.attempt(batch, &mut notifications) {
            Ok(true) => self.commit(),
            Ok(false) => return self.part(batch),
            Err(error) => Err(error),
        };
        if transaction.is_ok() {
            for notification in notifications {
                self.notifiers.notify(notification);
            }
        } else {
            self.roll_back();
            self.make_room();
        }
        batch.drain(..).for_each(|job| job.answer(&transaction));
    }

    /// Rolls a batch back of which a job has failed, and runs each of its jobs alone. One that is alone
    /// has its own error.
    fn part(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        if self.is_over() {
            // Some errors end the transaction, and then the disk is full.
            self.make_room();
        }
        self.roll_back();
        match batch.len() {
            1 => batch.drain(..).for_each(|job| job.answer(&Ok(()))),
            _ => batch.drain(..).for_each(|job| self.step(&mut vec![job])),
        }
    }

    /// Runs a batch of jobs in a transaction until one fails, and returns whether none did.
    fn attempt(
        &mut self,
        batch: &mut [Box<dyn Job>],
        notifications: &mut Vec<Notification>,
    ) -> StorageResult<bool> {
        self.execute(self.begin)?;
        let version = self.transaction().query_number("PRAGMA data_version", ())?;
        if std::mem::replace(&mut self.version, version) != version {
            self.memo.get_mut().edited();
        }
        self.follow_clock()?;
        for job in batch {
            let mut tx = self.transaction();
            // A job that panics on the data that it finds must not end the store for all others.
            let succeeded = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).unwrap_or(false);
            notifications.append(&mut tx.notifications);
            self.last_ticket = tx.last_ticket();
            if !succeeded {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Moves what ends by the clock along when that was stepped.
    fn follow_clock(&mut self) -> StorageResult<()> {
        let Some(step) = self.watch.as_ref().and_then(Watch::step) else { return Ok(()) };
        let moved = steps::move_ends(&self.transaction(), step)?;
        if let Some(watch) = &mut self.watch {
            watch.found(step, moved);
        }
        Ok(())
    }

    fn transaction(&self) -> Transaction<'_> {
        Transaction::new(self.statements, &self.memo, self.clock.now(), self.last_ticket)
    }

    fn commit(&mut self) -> StorageResult<()> {
        self.transaction().write_counters()?;
        self.execute("COMMIT")?;
        self.memo.get_mut().committed();
        if let Some(watch) = &mut self.watch {
            watch.committed();
        }
        Ok(())
    }

    fn execute(&self, sql: &'static str) -> StorageResult<()> {
        self.transaction().execute(sql, ()).map(drop)
    }

    fn is_over(&self) -> bool {
        self.statements.connection().is_autocommit()
    }

    fn roll_back(&mut self) {
        self.memo.get_mut().rolled_back();
        if let Some(watch) = &mut self.watch {
            watch.rolled_back();
        }
        if !self.is_over()
            && let Err(error) = self.execute("ROLLBACK")
        {
            tracing::error!(%error, "transaction could not be rolled back");
        }
    }

    /// Moves the log beside the file into it where possible, for that may free the space that is missing.
    fn make_room(&self) {
        let _ =
            self.statements
                .connection()
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
    }
}
