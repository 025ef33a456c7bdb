//! The store in one file, with SQLite: nothing to install, and one process at a time.
//!
//! Two threads own a connection each (`desk`). One writes: it makes all moves that wait in one
//! transaction, commits it to the disk, and answers them; so each is durable before it is
//! acknowledged, and they share the price. The other reads, so that a long listing holds up nobody;
//! what it reads is at least as new as the last answer of the first.
//!
//! `schema.sql` says what lies where. Three things follow from having tables instead of lists and
//! sets. A group is a row that holds where it stands, so it cannot stand in two places. A sequence is
//! counted per queue in the same transaction that uses it, so it is given out once, and that count
//! tells how many messages there are without counting them. And since a process is alone with its
//! file, no answer is ever lost on its way: a caller who is gone before theirs hands the claim back,
//! and a process that begins ends all leases, for nobody can hold them.

mod bells;
mod claims;
mod commit;
mod desk;
mod events;
mod file;
mod incoming;
mod mailbox;
mod reads;
mod room;
mod settle;
mod step;
mod trouble;
mod upkeep;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;

use self::bells::Bells;
use self::claims::Handover;
use self::desk::{Clerk, Desk};
use self::room::Disk;
use self::step::{Answer, Step};
use crate::address::Group;
use crate::clock::Clock;
use crate::event::{Event, Facts};
use crate::message::MessageId;
use crate::state::Member;
use crate::storage::{
    Ask, Audit, Burial, Claim, Claimed, Commit, Completed, DeadLetter, Depth, Health, Line,
    Partition, Place, Push, Pushed, Queue, Retention, Retry, Settled, Storage, StorageError, Token,
};

/// Groups that one call of `reclaim` brings back at the most.
const RECLAIMED_AT_ONCE: u32 = 256;
/// Moves in one transaction: enough to share what a commit costs, few enough to be quick.
const MOVES_AT_ONCE: usize = 256;
/// How often a feed is read by who cannot hear its bell, in another process.
const PEEK: Duration = Duration::from_millis(250);

/// Where the file is.
#[derive(Clone)]
pub struct Settings {
    /// The directory that holds `crosswire.db`, its log and its lock. Made when there is none.
    pub directory: PathBuf,
    /// Leases, due times and ages are told by it.
    pub clock: Arc<dyn Clock>,
    /// Why the directory does not outlive this process, if it does not, and what to do about it.
    pub ephemeral: Option<String>,
}

/// The store in a file.
pub struct Sqlite {
    // In the order in which they are dropped: who closes the file last moves its log into it, and
    // nobody else may have it before that.
    reader: Option<Desk>,
    writer: Option<Desk>,
    _lock: Option<File>,
    bells: Arc<Bells>,
    disk: Option<Disk>,
    ephemeral: Option<String>,
}

impl Sqlite {
    /// Opens the file, makes it when there is none, and ends all leases in it.
    ///
    /// # Errors
    /// `Refused`, in one line with what to do, when the directory cannot be used, another process has
    /// the file, or the file is not ours, damaged or of another version; then it is as it was.
    pub fn open(settings: Settings) -> Result<Self, StorageError> {
        let Settings { directory, clock, ephemeral } = settings;
        let opened = file::open(&directory)?;
        let bells = Arc::new(Bells::default());
        let reader = reading(opened.reader, &clock, &bells)?;
        let writer = writing(opened.writer, &clock, &bells)?;
        Ok(Self {
            reader: Some(reader),
            writer: Some(writer),
            _lock: Some(opened.lock),
            bells,
            disk: Some(Disk::of(directory)),
            ephemeral,
        })
    }

    /// A store without a file, gone when it is dropped.
    ///
    /// # Errors
    /// `Refused` when the machine gives no memory or no thread.
    pub fn in_memory(clock: &Arc<dyn Clock>) -> Result<Self, StorageError> {
        let bells = Arc::new(Bells::default());
        let writer = writing(file::in_memory()?, clock, &bells)?;
        Ok(Self {
            reader: None,
            writer: Some(writer),
            _lock: None,
            bells,
            disk: None,
            ephemeral: None,
        })
    }

    /// Opens a file that is there already for reading alone, beside the process that writes it, if one
    /// does. Every move is `Refused`.
    ///
    /// # Errors
    /// `Refused`, in one line with what to do, when there is no file, or it is not ours.
    pub fn look(directory: &Path, clock: &Arc<dyn Clock>) -> Result<Self, StorageError> {
        let bells = Arc::new(Bells::default());
        let reader = reading(file::look(directory)?, clock, &bells)?;
        Ok(Self {
            reader: Some(reader),
            writer: None,
            _lock: None,
            bells,
            disk: None,
            ephemeral: None,
        })
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Step<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        self.writer()?.ask(work).await
    }

    fn writer(&self) -> Answer<&Desk> {
        self.writer.as_ref().ok_or_else(|| {
            StorageError::Refused(
                "the store is open for reading alone; leave changes to the process that runs on it"
                    .to_owned(),
            )
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Step<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        match &self.reader {
            Some(reader) => reader.ask(|step| work(step)).await,
            None => self.write(|step| work(step)).await,
        }
    }

    fn has_room(&self) -> Answer<()> {
        self.shortage().map_or(Ok(()), |shortage| Err(StorageError::Unavailable(shortage)))
    }

    fn shortage(&self) -> Option<String> {
        self.disk.as_ref().and_then(Disk::shortage)
    }

    async fn lines(&self, feed: &str, after: i64) -> Answer<Vec<Line>> {
        let feed = feed.to_owned();
        self.read(move |step| events::lines(step, &feed, after)).await
    }
}

fn writing(db: Connection, clock: &Arc<dyn Clock>, bells: &Arc<Bells>) -> Answer<Desk> {
    let newest = db.query_row(
        "SELECT max(coalesce((SELECT max(at) FROM mailboxes WHERE stands IN ('ready', 'suspect')), 0),
             coalesce((SELECT max(ticket) FROM pools), 0))",
        (),
        |row| row.get(0),
    );
    let clerk = Clerk {
        last_ticket: newest?,
        db,
        clock: Arc::clone(clock),
        bells: Arc::clone(bells),
        at_once: MOVES_AT_ONCE,
        // With a lock from the beginning, for what was read must still be so when it is written.
        begin: "BEGIN IMMEDIATE",
    };
    Desk::open("writer", clerk)
}

fn reading(db: Connection, clock: &Arc<dyn Clock>, bells: &Arc<Bells>) -> Answer<Desk> {
    let clerk = Clerk {
        last_ticket: 0,
        db,
        clock: Arc::clone(clock),
        bells: Arc::clone(bells),
        // A short question does not wait for a long one's answer.
        at_once: 1,
        begin: "BEGIN",
    };
    Desk::open("reader", clerk)
}

#[async_trait]
impl Storage for Sqlite {
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError> {
        self.has_room()?;
        let partition = partition.clone();
        self.write(move |step| incoming::push(step, &partition, &push)).await
    }

    async fn record(
        &self,
        partition: &Partition,
        facts: Facts,
        max_records: u64,
    ) -> Result<(), StorageError> {
        self.has_room()?;
        let partition = partition.clone();
        self.write(move |step| incoming::note(step, &partition, &facts, max_records)).await
    }

    async fn claim(&self, queue: &Queue, ask: &Ask) -> Result<Claimed, StorageError> {
        let writer = self.writer()?;
        let (queue, ask, back) = (queue.clone(), ask.clone(), writer.back_door());
        let claim =
            move |step: &mut Step<'_>| Ok(Handover::new(claims::claim(step, &queue, &ask)?, back));
        Ok(writer.ask(claim).await?.take())
    }

    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        next: Option<&Ask>,
    ) -> Result<Completed, StorageError> {
        let writer = self.writer()?;
        let (next, back) = (next.cloned(), writer.back_door());
        let complete = move |step: &mut Step<'_>| {
            let queue = claim.queue.clone();
            let settled = settle::complete(step, claim, &commit)?;
            let next = match next {
                Some(ask) if settled == Settled::Done => {
                    Some(Handover::new(claims::claim(step, &queue, &ask)?, back))
                }
                _ => None,
            };
            Ok((settled, next))
        };
        let (settled, next) = writer.ask(complete).await?;
        Ok(Completed { settled, next: next.map(Handover::take) })
    }

    async fn retry(&self, claim: Claim, retry: Retry) -> Result<Settled, StorageError> {
        self.write(move |step| settle::retry(step, &claim, &retry)).await
    }

    async fn release(&self, claim: Claim) -> Result<Settled, StorageError> {
        self.write(move |step| settle::release(step, &claim)).await
    }

    async fn bury(&self, claim: Claim, burial: Burial) -> Result<Settled, StorageError> {
        self.write(move |step| settle::bury(step, &claim, &burial)).await
    }

    async fn extend(
        &self,
        queue: &Queue,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Result<Vec<Group>, StorageError> {
        let (queue, claims) = (queue.clone(), claims.to_vec());
        self.write(move |step| claims::extend(step, &queue, lease, &claims)).await
    }

    async fn reclaim(&self, queue: &Queue) -> Result<u64, StorageError> {
        let queue = queue.clone();
        self.write(move |step| {
            let home = step.home(&queue.partition)?;
            claims::bring_back(step, &home, queue.side, RECLAIMED_AT_ONCE)
        })
        .await
    }

    async fn wait(&self, queue: &Queue, patience: Duration) -> Result<(), StorageError> {
        let bell = self.bells.of(queue);
        // Whoever hears nothing goes on all the same.
        let _ = tokio::time::timeout(patience, bell.notified()).await;
        Ok(())
    }

    async fn values(
        &self,
        partition: &Partition,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StorageError> {
        let (partition, keys) = (partition.clone(), keys.to_vec());
        self.read(move |step| reads::values(step, &partition, &keys)).await
    }

    async fn members(
        &self,
        partition: &Partition,
        pool: &str,
        limit: usize,
    ) -> Result<Vec<Member>, StorageError> {
        let (partition, pool) = (partition.clone(), pool.to_owned());
        self.read(move |step| reads::members(step, &partition, &pool, limit)).await
    }

    async fn size(&self, partition: &Partition, pool: &str) -> Result<u64, StorageError> {
        let (partition, pool) = (partition.clone(), pool.to_owned());
        self.read(move |step| reads::size(step, &partition, &pool)).await
    }

    async fn total(&self, partition: &Partition, counter: &str) -> Result<i64, StorageError> {
        let (partition, counter) = (partition.clone(), counter.to_owned());
        self.read(move |step| reads::total(step, &partition, &counter)).await
    }

    async fn known_sent(
        &self,
        partition: &Partition,
        provider_ids: &[String],
    ) -> Result<Vec<bool>, StorageError> {
        let (partition, ids) = (partition.clone(), provider_ids.to_vec());
        self.read(move |step| reads::known_sent(step, &partition, &ids)).await
    }

    async fn events(
        &self,
        partition: &Partition,
        message: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError> {
        let (partition, message) = (partition.clone(), message.cloned());
        self.read(move |step| events::events(step, &partition, message.as_ref())).await
    }

    async fn publish(&self, feed: &str, line: &str, keep: u64) -> Result<(), StorageError> {
        self.has_room()?;
        let (feed, line) = (feed.to_owned(), line.to_owned());
        self.write(move |step| incoming::publish(step, feed, &line, keep)).await
    }

    async fn follow(
        &self,
        feed: &str,
        after: Option<&Place>,
        patience: Duration,
    ) -> Result<Vec<Line>, StorageError> {
        let after = events::place(after)?;
        let follower = self.bells.follow(feed);
        let mut over = std::pin::pin!(tokio::time::sleep(patience));
        loop {
            let mut line = std::pin::pin!(follower.listen());
            // From here on, before it is read, so that no line falls in between.
            line.as_mut().enable();
            let lines = self.lines(feed, after).await?;
            if !lines.is_empty() || patience.is_zero() {
                return Ok(lines);
            }
            tokio::select! {
                () = &mut over => return Ok(Vec::new()),
                () = line => {}
                () = tokio::time::sleep(PEEK), if self.writer.is_none() => {}
            }
        }
    }

    async fn depth(&self, queue: &Queue) -> Result<Depth, StorageError> {
        let queue = queue.clone();
        self.read(move |step| reads::depth(step, &queue)).await
    }

    async fn dead_letters(
        &self,
        queue: &Queue,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StorageError> {
        let queue = queue.clone();
        self.read(move |step| reads::dead_letters(step, &queue, limit)).await
    }

    async fn audit(&self, queue: &Queue, every: Duration) -> Result<Option<Audit>, StorageError> {
        let asked = queue.clone();
        if !self.write(move |step| upkeep::may_audit(step, &asked, every)).await? {
            return Ok(None);
        }
        let asked = queue.clone();
        let survey = self.read(move |step| upkeep::survey(step, &asked)).await?;
        let asked = queue.clone();
        self.write(move |step| upkeep::mend(step, &asked, &survey)).await.map(Some)
    }

    async fn trim(
        &self,
        partition: &Partition,
        retention: Retention,
        every: Duration,
    ) -> Result<(), StorageError> {
        let partition = partition.clone();
        self.write(move |step| upkeep::trim(step, &partition, retention, every)).await
    }

    async fn health(&self) -> Result<Health, StorageError> {
        if self.writer.is_some() {
            self.write(|_| Ok(())).await?;
        }
        self.read(|step| step.figure("SELECT count(*) FROM partitions", ())).await?;
        Ok(Health {
            degraded: self.shortage().into_iter().collect(),
            fatal: self.ephemeral.iter().cloned().collect(),
        })
    }
}
