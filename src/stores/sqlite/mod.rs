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
mod contract;
mod desk;
mod error;
mod events;
mod file;
mod incoming;
mod mailbox;
mod pauses;
mod reads;
mod room;
mod settle;
mod step;
mod upkeep;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use self::bells::Bells;
use self::desk::{Clerk, Desk};
use self::room::Disk;
use self::step::{Answer, Step};
use crate::contracts::storage::{FeedEntry, StorageError};
use crate::model::clock::Clock;

/// Moves in one transaction: enough to share what a commit costs, few enough to be quick.
const MOVES_AT_ONCE: usize = 256;

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

    /// Returns whether the file has been created.
    pub fn exists(directory: &Path) -> bool {
        directory.join(file::FILE).exists()
    }

    /// Opens a file that is there already for reading alone, beside the process that writes it, if one
    /// does. Every move is `Refused`.
    ///
    /// # Errors
    /// In one line with what to do: `Unavailable` when there is no file yet, `Refused` when it is not
    /// ours.
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

    async fn lines(&self, feed: &str, after: i64) -> Answer<Vec<FeedEntry>> {
        let feed = feed.to_owned();
        self.read(move |step| events::lines(step, &feed, after)).await
    }
}

fn writing(db: Connection, clock: &Arc<dyn Clock>, bells: &Arc<Bells>) -> Answer<Desk> {
    let newest = db.query_row(
        "SELECT max(coalesce((SELECT max(at) FROM mailboxes WHERE stands IN ('ready', 'suspect')), 0),
             coalesce((SELECT max(ticket) FROM pools), 0),
             coalesce((SELECT max(turn) FROM lines), 0))",
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
