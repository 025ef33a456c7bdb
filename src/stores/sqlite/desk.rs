//! A thread that owns a connection, and makes the moves that are handed to it.
//!
//! Whatever waits is made in one transaction, each move in a savepoint of its own, so that one that
//! fails is undone alone. The transaction is committed, which writes it to the disk, and only then are
//! all of them answered. A disk writes a few hundred times a second; the more there is to do, the
//! more is done by each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::bells::Bells;
use super::step::{Answer, News, Step};
use crate::contracts::storage::StorageError;
use crate::model::clock::Clock;

/// Moves that may wait; who comes with another waits until one is made.
const WAITING: usize = 1024;

/// A move, and whom to answer.
trait Job: Send {
    /// Whether it went well.
    fn make(&mut self, step: &mut Step<'_>) -> bool;

    /// Answers with what came of it, or with what became of its transaction.
    fn answer(self: Box<Self>, transaction: &Answer<()>);
}

struct Asked<W, T> {
    work: Option<W>,
    outcome: Option<Answer<T>>,
    reply: oneshot::Sender<Answer<T>>,
}

impl<W, T> Job for Asked<W, T>
where
    W: FnOnce(&mut Step<'_>) -> Answer<T> + Send,
    T: Send,
{
    fn make(&mut self, step: &mut Step<'_>) -> bool {
        self.outcome = self.work.take().map(|work| work(step));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, transaction: &Answer<()>) {
        let answer = match (self.outcome, transaction) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(shared)) => Err(shared.clone()),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => {
                Err(StorageError::Corrupt("a move of ours panicked on it".to_owned()))
            }
        };
        // Who does not wait any more need not know.
        let _ = self.reply.send(answer);
    }
}

fn gone() -> StorageError {
    StorageError::Refused("the store's thread has ended; start this process again".to_owned())
}

/// The way to the thread. When it is dropped, what waits is made first and the connection closed.
pub(super) struct Desk {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Desk {
    pub(super) fn open(name: &str, clerk: Clerk) -> Answer<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let thread = thread::Builder::new().name(format!("sqlite-{name}"));
        let thread = thread.spawn(move || clerk.run(waiting)).map_err(|error| {
            StorageError::Refused(format!(
                "no thread can be started for the store: {error}; raise the limit of threads"
            ))
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Step<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        let job = Asked { work: Some(work), outcome: None, reply };
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Box::new(job)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// A way for what has to be made when its asker is gone.
    pub(super) fn back_door(&self) -> BackDoor {
        BackDoor(self.jobs.as_ref().map(mpsc::Sender::downgrade))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // It fails when the thread has panicked, and then nothing is left to wait for.
            let _ = thread.join();
        }
    }
}

/// Hands work in without waiting for it; does not keep the thread going.
pub(super) struct BackDoor(Option<mpsc::WeakSender<Box<dyn Job>>>);

impl BackDoor {
    pub(super) fn leave<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Step<'_>) -> Answer<T> + Send + 'static,
    ) {
        if let Some(jobs) = self.0.as_ref().and_then(mpsc::WeakSender::upgrade) {
            let (reply, _) = oneshot::channel();
            // Should there be no room, the claim that this is about ends with its lease.
            let _ = jobs.try_send(Box::new(Asked { work: Some(work), outcome: None, reply }));
        }
    }
}

/// Who makes the moves.
pub(super) struct Clerk {
    pub(super) db: Connection,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) bells: Arc<Bells>,
    /// The newest ticket given out.
    pub(super) last_ticket: i64,
    /// Moves in one transaction.
    pub(super) at_once: usize,
    /// What a transaction begins with.
    pub(super) begin: &'static str,
}

impl Clerk {
    fn run(mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(self.at_once);
        while waiting.blocking_recv_many(&mut batch, self.at_once) > 0 {
            self.step(&mut batch);
        }
    }

    /// Makes a batch of moves true together, and answers them.
    fn step(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let mut news = Vec::new();
        let transaction = self.transact(batch, &mut news);
        if transaction.is_ok() {
            for news in news {
                self.bells.tell(news);
            }
        } else {
            self.give_up();
        }
        batch.drain(..).for_each(|job| job.answer(&transaction));
    }

    fn transact(&mut self, batch: &mut [Box<dyn Job>], news: &mut Vec<News>) -> Answer<()> {
        self.say(self.begin)?;
        for job in batch {
            self.say("SAVEPOINT move")?;
            let mut step = Step::new(&self.db, self.clock.now(), self.last_ticket);
            // One move that fails on what it finds must not take the store from all others.
            let made = catch_unwind(AssertUnwindSafe(|| job.make(&mut step)));
            let went_well = made.unwrap_or(false);
            self.last_ticket = step.last_ticket();
            if went_well {
                news.append(&mut step.news);
            } else {
                // Some troubles end the whole transaction, and with it what was made before.
                if self.db.is_autocommit() {
                    return Err(StorageError::Unavailable("the disk takes nothing".to_owned()));
                }
                self.say("ROLLBACK TO move")?;
            }
            self.say("RELEASE move")?;
        }
        self.say("COMMIT")
    }

    fn say(&self, sql: &str) -> Answer<()> {
        self.db.prepare_cached(sql)?.execute(())?;
        Ok(())
    }

    /// Undoes a transaction that could not be committed. What lies in the log beside the file already
    /// is moved into it, if it can be, for that may be the room that is wanted.
    fn give_up(&self) {
        if !self.db.is_autocommit()
            && let Err(error) = self.say("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be undone");
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
    async fn a_move_that_panics_is_undone_alone_and_the_store_goes_on() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Sqlite::in_memory(&clock).unwrap();
        let insert = "INSERT INTO partitions (topic, number) VALUES ('t', 0)";
        let broken = store.write::<()>(move |step| {
            step.run(insert, ())?;
            panic!("on purpose")
        });
        let whole = store.write(|step| step.figure("SELECT count(*) FROM partitions", ()));
        let (broken, count) = tokio::join!(broken, whole);
        assert!(matches!(broken, Err(StorageError::Corrupt(_))), "{broken:?}");
        assert_eq!(count.unwrap(), Some(0));
    }
}
