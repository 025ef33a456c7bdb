//! The store in one file, with SQLite: nothing to install, and one process at a time.
//!
//! Two threads own a connection each (`db_thread`). One writes: it runs all moves that wait in one
//! transaction, commits it to the disk, and answers them, so each move is durable before it is
//! acknowledged, and they share the cost. The other reads, so that a long listing delays no move; what
//! it reads is at least as new as the last answer of the writer.
//!
//! `schema.sql` documents the tables. Three properties follow from tables instead of lists and sets. A
//! group is a row with one status, so it cannot be in two places. A sequence is counted per queue in
//! the transaction that uses it, so it is issued once, and the counts show how many messages there are.
//! And since a process is alone with its file, no reply is ever lost on its way: a caller that is gone
//! before its claim arrives hands it back, and a process that starts ends all leases of the last one.

mod audit;
mod backup;
mod claim_guard;
mod claims;
mod commit;
mod counters;
mod db_thread;
mod dead_letters;
mod depth;
mod disk_reserve;
mod error;
mod feeds;
mod file;
mod file_error;
mod inspection;
mod job;
mod mailbox;
mod memo;
mod notifiers;
mod operator;
mod pacing;
mod pauses;
mod push;
mod queues;
mod rates;
mod reads;
mod records;
mod rotation;
mod search;
mod session;
mod settlements;
mod statements;
mod steps;
mod tallies;
mod transaction;
mod transfer;
mod upkeep;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

pub use self::backup::BackupSummary;
use self::db_thread::DbThread;
use self::disk_reserve::DiskReserve;
use self::memo::Memo;
use self::notifiers::Notifiers;
use self::pacing::Pacing;
use self::session::JobRunner;
use self::steps::{Steps, Watch};
use self::transaction::{StorageResult, Transaction};
use crate::contracts::figures::StoreCalls;
use crate::contracts::storage::StorageError;
use crate::model::clock::Clock;

/// Maximum number of moves in one transaction: enough to share the cost of a commit, few enough to be
/// quick.
const WRITER_BATCH: usize = 256;

/// Configuration of the SQLite store.
#[derive(Clone)]
pub struct SqliteConfig {
    /// The directory of `crosswire.db`, its log and its lock. Created when it is missing.
    pub directory: PathBuf,
    /// Clock of leases, due times and ages.
    pub clock: Arc<dyn Clock>,
    /// A warning that the directory does not outlive this process, and what to do about it.
    pub ephemeral: Option<String>,
}

/// The store in a file.
pub struct Sqlite {
    // Fields are dropped in this order: the connection that closes last moves the log into the file,
    // and no other process may open the file before that.
    reader: Option<DbThread>,
    writer: Option<DbThread>,
    _lock: Option<File>,
    notifiers: Arc<Notifiers>,
    pacing: Pacing,
    /// Steps of the clock that were found.
    steps: Arc<Steps>,
    reserve: Option<DiskReserve>,
    ephemeral: Option<String>,
}

impl Sqlite {
    /// Opens the file, creates it when it is missing, and ends all leases in it.
    ///
    /// # Errors
    /// `Refused`, in one line with what to do, when the directory cannot be used, another process has
    /// the file, or the file is not ours, damaged or of another version. The file is then unchanged.
    pub fn open(config: SqliteConfig) -> Result<Self, StorageError> {
        let SqliteConfig { directory, clock, ephemeral } = config;
        let opened = file::open(&directory)?;
        let notifiers = Arc::new(Notifiers::default());
        let reader = start_reader(opened.reader, &clock, &notifiers)?;
        let steps = Arc::default();
        let writer = start_writer(opened.writer, &clock, &notifiers, &steps)?;
        Ok(Self {
            reader: Some(reader),
            writer: Some(writer),
            _lock: Some(opened.lock),
            notifiers,
            pacing: Pacing::new(&clock),
            steps,
            reserve: Some(DiskReserve::of(directory)),
            ephemeral,
        })
    }

    /// Opens a store without a file, which is gone when it is dropped.
    ///
    /// # Errors
    /// `Refused` when the machine has no memory or no thread left.
    pub fn in_memory(clock: &Arc<dyn Clock>) -> Result<Self, StorageError> {
        let notifiers = Arc::new(Notifiers::default());
        let steps = Arc::default();
        let writer = start_writer(file::in_memory()?, clock, &notifiers, &steps)?;
        Ok(Self {
            reader: None,
            writer: Some(writer),
            _lock: None,
            notifiers,
            pacing: Pacing::new(clock),
            steps,
            reserve: None,
            ephemeral: None,
        })
    }

    /// Records the time of every call from now on.
    #[must_use]
    pub fn recording(mut self, calls: StoreCalls) -> Self {
        if let Some(reader) = &mut self.reader {
            reader.record(calls.clone());
        }
        if let Some(writer) = &mut self.writer {
            writer.record(calls);
        }
        self
    }

    /// Returns whether the file has been created.
    pub fn exists(directory: &Path) -> bool {
        directory.join(file::FILE).exists()
    }

    /// Checks that no process has the file of a directory, and keeps others off while the lock is held.
    ///
    /// # Errors
    /// `Refused`, with what to do, when one has.
    pub fn require_unused(directory: &Path) -> Result<File, StorageError> {
        file::lock(directory)
    }

    /// Opens an existing file for reading, beside the process that writes it. Every move is `Refused`.
    ///
    /// # Errors
    /// In one line with what to do: `Unavailable` when there is no file yet, `Refused` when it is not
    /// ours.
    pub fn open_read_only(directory: &Path, clock: &Arc<dyn Clock>) -> Result<Self, StorageError> {
        let notifiers = Arc::new(Notifiers::default());
        let reader = start_reader(file::open_read_only(directory)?, clock, &notifiers)?;
        Ok(Self {
            reader: Some(reader),
            writer: None,
            _lock: None,
            notifiers,
            pacing: Pacing::new(clock),
            steps: Arc::default(),
            reserve: None,
            ephemeral: None,
        })
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Transaction<'_>) -> StorageResult<T> + Send + 'static,
    ) -> StorageResult<T> {
        self.writer()?.run(work).await
    }

    fn writer(&self) -> StorageResult<&DbThread> {
        self.writer.as_ref().ok_or_else(|| {
            StorageError::Refused(
                "the store is open for reading only; make changes in the process that runs on it"
                    .to_owned(),
            )
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&Transaction<'_>) -> StorageResult<T> + Send + 'static,
    ) -> StorageResult<T> {
        match &self.reader {
            Some(reader) => reader.run(move |tx| work(tx)).await,
            None => self.write(move |tx| work(tx)).await,
        }
    }

    /// Fails when the disk is nearly full.
    fn check_reserve(&self) -> StorageResult<()> {
        self.shortage().map_or(Ok(()), |shortage| Err(StorageError::Unavailable(shortage)))
    }

    fn shortage(&self) -> Option<String> {
        self.reserve.as_ref().and_then(DiskReserve::shortage)
    }
}

fn start_writer(
    db: Connection,
    clock: &Arc<dyn Clock>,
    notifiers: &Arc<Notifiers>,
    steps: &Arc<Steps>,
) -> StorageResult<DbThread> {
    let memo = Memo::new(tallies::all(&db)?);
    let newest = db.query_row(
        "SELECT max(coalesce((SELECT max(at) FROM mailboxes WHERE status = 'ready'), 0),
             coalesce((SELECT max(at) FROM mailboxes WHERE status = 'suspect'), 0),
             coalesce((SELECT max(ticket) FROM pools), 0),
             coalesce((SELECT max(turn) FROM lines), 0))",
        (),
        |row| row.get(0),
    );
    let runner = JobRunner {
        last_ticket: newest?,
        db,
        memo,
        clock: Arc::clone(clock),
        watch: Some(Watch::new(Arc::clone(clock), Arc::clone(steps))),
        notifiers: Arc::clone(notifiers),
        batch_size: WRITER_BATCH,
        // Locked from the beginning, for what was read must still hold when it is written.
        begin: "BEGIN IMMEDIATE",
    };
    DbThread::start("writer", runner)
}

fn start_reader(
    db: Connection,
    clock: &Arc<dyn Clock>,
    notifiers: &Arc<Notifiers>,
) -> StorageResult<DbThread> {
    let runner = JobRunner {
        last_ticket: 0,
        db,
        memo: Memo::default(),
        clock: Arc::clone(clock),
        watch: None,
        notifiers: Arc::clone(notifiers),
        // A short query does not wait for the answer of a long one.
        batch_size: 1,
        begin: "BEGIN",
    };
    DbThread::start("reader", runner)
}
