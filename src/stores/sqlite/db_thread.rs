//! A thread that owns a connection and runs the jobs that are sent to it.

use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

use super::job::{Job, WaitingJob};
use super::session::JobRunner;
use super::transaction::{StorageResult, Transaction};
use crate::contracts::figures::StoreCalls;
use crate::contracts::storage::StorageError;

/// Maximum number of waiting jobs; further callers wait until one has run.
const MAX_WAITING: usize = 1024;

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Sqlite;
    use super::*;
    use crate::model::clock::{Clock, SystemClock};

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
