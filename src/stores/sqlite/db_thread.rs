//! A thread that owns a connection and runs the jobs that are sent to it.
//!
//! Waiting jobs run in one transaction, each in a savepoint of its own, so that one that fails is
//! rolled back alone. The transaction is committed, which writes it to the disk, and only then are all
//! of them answered. A disk writes a few hundred times a second, so the more jobs wait, the more of
//! them share one write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::notifiers::Notifiers;
use super::transaction::{Notification, StorageResult, Transaction};
use crate::contracts::figures::StoreCalls;
use crate::contracts::storage::StorageError;
use crate::model::clock::Clock;

/// Maximum number of waiting jobs; further callers wait until one has run.
const MAX_WAITING: usize = 1024;

/// Work for the thread, and the caller to answer.
trait Job: Send {
    /// Runs the work, and returns whether it succeeded.
    fn run(&mut self, tx: &mut Transaction<'_>) -> bool;

    /// Answers with the outcome of the work, or with the error of the shared transaction.
    fn answer(self: Box<Self>, transaction: &StorageResult<()>);
}

struct WaitingJob<W, T> {
    work: Option<W>,
    outcome: Option<StorageResult<T>>,
    reply: oneshot::Sender<StorageResult<T>>,
}

impl<W, T> Job for WaitingJob<W, T>
where
    W: FnOnce(&mut Transaction<'_>) -> StorageResult<T> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Transaction<'_>) -> bool {
        self.outcome = self.work.take().map(|work| work(tx));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, transaction: &StorageResult<()>) {
        let answer = match (self.outcome, transaction) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(shared)) => Err(shared.clone()),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => Err(StorageError::Corrupt(
                "a statement panicked on it; please report this with the log".to_owned(),
            )),
        };
        // A caller that does not wait any more needs no answer.
        let _ = self.reply.send(answer);
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
        work: impl FnOnce(&mut Transaction<'_>) -> StorageResult<T> + Send + 'static,
    ) -> StorageResult<T> {
        let (reply, answer) = oneshot::channel();
        let job = WaitingJob { work: Some(work), outcome: None, reply };
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
        work: impl FnOnce(&mut Transaction<'_>) -> StorageResult<T> + Send + 'static,
    ) {
        if let Some(jobs) = self.0.as_ref().and_then(mpsc::WeakSender::upgrade) {
            let (reply, _) = oneshot::channel();
            // With a full queue the claim that this is about ends with its lease.
            let _ = jobs.try_send(Box::new(WaitingJob { work: Some(work), outcome: None, reply }));
        }
    }
}

/// The state of the thread.
pub(super) struct JobRunner {
    pub(super) db: Connection,
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
    fn run(mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(self.batch_size);
        while waiting.blocking_recv_many(&mut batch, self.batch_size) > 0 {
            self.step(&mut batch);
        }
    }

    /// Runs a batch of jobs in one transaction, and answers them.
    fn step(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let mut notifications = Vec::new();
        let transaction = self.commit_all(batch, &mut notifications);
        if transaction.is_ok() {
            for notification in notifications {
                self.notifiers.notify(notification);
            }
        } else {
            self.roll_back();
        }
        batch.drain(..).for_each(|job| job.answer(&transaction));
    }

    fn commit_all(
        &mut self,
        batch: &mut [Box<dyn Job>],
        notifications: &mut Vec<Notification>,
    ) -> StorageResult<()> {
        self.execute(self.begin)?;
        for job in batch {
            self.execute("SAVEPOINT job")?;
            let mut tx = Transaction::new(&self.db, self.clock.now(), self.last_ticket);
            // A job that panics on the data that it finds must not end the store for all others.
            let succeeded = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).unwrap_or(false);
            self.last_ticket = tx.last_ticket();
            if succeeded {
                notifications.append(&mut tx.notifications);
            } else {
                // Some errors end the whole transaction, with all that ran before in it.
                if self.db.is_autocommit() {
                    return Err(StorageError::Unavailable(
                        "the disk takes no writes; check that it is not full".to_owned(),
                    ));
                }
                self.execute("ROLLBACK TO job")?;
            }
            self.execute("RELEASE job")?;
        }
        self.execute("COMMIT")
    }

    fn execute(&self, sql: &str) -> StorageResult<()> {
        self.db.prepare_cached(sql)?.execute(())?;
        Ok(())
    }

    /// Rolls back a transaction that could not be committed. The log beside the file is then moved into
    /// it where possible, for that may free the space that is missing.
    fn roll_back(&self) {
        if !self.db.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            tracing::error!(%error, "transaction could not be rolled back");
        }
        let _ = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
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
