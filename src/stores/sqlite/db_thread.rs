//! A thread that owns a connection and runs the jobs that are sent to it.
//!
//! Waiting jobs run in one transaction. It is committed, which writes it to the disk, and only then are
//! all of them answered. A disk writes a few hundred times a second, so the more jobs wait, the more of
//! them share one write. When one of them fails, all are rolled back, and each runs again in a transaction
//! of its own: that is rare, and a savepoint for each would cost every move a copy of the pages that it
//! changes.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::memo::Memo;
use super::notifiers::Notifiers;
use super::statements::{Compiled, Statements};
use super::transaction::{Notification, StorageResult, Transaction};
use crate::contracts::figures::StoreCalls;
use crate::contracts::storage::StorageError;
use crate::model::clock::Clock;

/// Maximum number of waiting jobs; further callers wait until one has run.
const MAX_WAITING: usize = 1024;

/// Work for the thread, and the caller to answer.
trait Job: Send {
    /// Runs the work, and returns whether it succeeded. It may run again after it was rolled back.
    fn run(&mut self, tx: &mut Transaction<'_>) -> bool;

    /// Answers with the outcome of the work, or with the error of the shared transaction.
    fn answer(self: Box<Self>, transaction: &StorageResult<()>);
}

struct WaitingJob<W, S, T, U> {
    work: W,
    seal: S,
    outcome: Option<StorageResult<T>>,
    reply: oneshot::Sender<StorageResult<U>>,
}

impl<W, S, T, U> Job for WaitingJob<W, S, T, U>
where
    W: FnMut(&mut Transaction<'_>) -> StorageResult<T> + Send,
    S: FnOnce(T) -> U + Send,
    T: Send,
    U: Send,
{
    fn run(&mut self, tx: &mut Transaction<'_>) -> bool {
        self.outcome = None;
        self.outcome = Some((self.work)(tx));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, transaction: &StorageResult<()>) {
        let Self { work, seal, outcome, reply } = *self;
        // What it has borrowed from its caller goes back before the answer.
        drop(work);
        let answer = match (outcome, transaction) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(shared)) => Err(shared.clone()),
            (Some(Ok(done)), Ok(())) => Ok(seal(done)),
            (None, Ok(())) => Err(StorageError::Corrupt(
                "a statement panicked on it; please report this with the log".to_owned(),
            )),
        };
        // A caller that does not wait any more needs no answer.
        let _ = reply.send(answer);
    }
}

fn ended() -> StorageError {
    StorageError::Refused("the thread of the store has ended; restart this process".to_owned())
}

/// Handle of the thread. Dropping it runs the jobs that wait, and closes the connection.
pub(super) struct DbThread {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    calls: StoreCalls,
}

impl DbThread {
    pub(super) fn start(name: &str, runner: JobRunner) -> StorageResult<Self> {
        let (jobs, waiting) = mpsc::channel(MAX_WAITING);
        let thread = thread::Builder::new().name(format!("sqlite-{name}"));
        let thread = thread.spawn(move || runner.run(waiting)).map_err(|error| {
            StorageError::Refused(format!(
                "no thread can be started for the store: {error}; raise the limit of threads"
            ))
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), calls: StoreCalls::default() })
    }

    pub(super) fn record(&mut self, calls: StoreCalls) {
        self.calls = calls;
    }

    /// Runs work on the thread, and returns after its transaction is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Transaction<'_>) -> StorageResult<T> + Send + 'static,
    ) -> StorageResult<T> {
        self.run_sealed(work, |outcome| outcome).await
    }

    /// Runs work on the thread. What it returned goes through `seal` after its transaction is committed,
    /// on the way to the caller.
    pub(super) async fn run_sealed<T: Send + 'static, U: Send + 'static>(
        &self,
        work: impl FnMut(&mut Transaction<'_>) -> StorageResult<T> + Send + 'static,
        seal: impl FnOnce(T) -> U + Send + 'static,
    ) -> StorageResult<U> {
        let (reply, answer) = oneshot::channel();
        let job = WaitingJob { work, seal, outcome: None, reply };
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        let call = async {
            jobs.send(Box::new(job)).await.map_err(|_| ended())?;
            answer.await.map_err(|_| ended())?
        };
        self.calls.measure(call).await
    }

    /// Returns a handle for work without a caller.
    pub(super) fn detached(&self) -> DetachedJobs {
        DetachedJobs(self.jobs.as_ref().map(mpsc::Sender::downgrade))
    }
}

impl Drop for DbThread {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // Joining fails when the thread has panicked, and then there is nothing to wait for.
            let _ = thread.join();
        }
    }
}

/// Sends work without waiting for it; does not keep the thread running.
#[derive(Clone)]
pub(super) struct DetachedJobs(Option<mpsc::WeakSender<Box<dyn Job>>>);

impl DetachedJobs {
    pub(super) fn send<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Transaction<'_>) -> StorageResult<T> + Send + 'static,
    ) {
        if let Some(jobs) = self.0.as_ref().and_then(mpsc::WeakSender::upgrade) {
            let (reply, _) = oneshot::channel();
            // With a full queue the claim that this is about ends with its lease.
            let seal = |outcome| outcome;
            let _ = jobs.try_send(Box::new(WaitingJob { work, seal, outcome: None, reply }));
        }
    }
}

/// Parts that the thread starts with.
pub(super) struct JobRunner {
    pub(super) db: Connection,
    pub(super) memo: Memo,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) notifiers: Arc<Notifiers>,
    /// The newest ticket that was issued.
    pub(super) last_ticket: i64,
    /// Maximum number of jobs in one transaction.
    pub(super) batch_size: usize,
    /// Statement that begins a transaction.
    pub(super) begin: &'static str,
}

impl JobRunner {
    fn run(self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let statements = Compiled::new(&self.db);
        let mut session = Session {
            statements: &statements,
            memo: RefCell::new(self.memo),
            clock: self.clock,
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

    fn transaction(&self) -> Transaction<'_> {
        Transaction::new(self.statements, &self.memo, self.clock.now(), self.last_ticket)
    }

    fn commit(&mut self) -> StorageResult<()> {
        self.transaction().write_counters()?;
        self.execute("COMMIT")?;
        self.memo.get_mut().committed();
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

#[cfg(test)]
mod tests {
    use super::super::Sqlite;
    use super::*;
    use crate::model::clock::SystemClock;

    #[tokio::test]
    async fn job_that_panics_is_rolled_back_alone_and_others_go_on() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Sqlite::in_memory(&clock).unwrap();
        let insert = "INSERT INTO partitions (topic, number) VALUES ('t', 0)";
        let broken = store.write::<()>(move |tx| {
            tx.execute(insert, ())?;
            panic!("on purpose")
        });
        let count = store.write(|tx| tx.query_number("SELECT count(*) FROM partitions", ()));
        let (broken, count) = tokio::join!(broken, count);
        assert!(matches!(broken, Err(StorageError::Corrupt(_))), "{broken:?}");
        assert_eq!(count.unwrap(), Some(0));
    }
}
