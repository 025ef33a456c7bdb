//! The database file: creating it, opening it, and refusing one that is not ours. Nothing is written to
//! a file before it is known to be an intact one of this schema.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::file_error::{
    damaged, directory_error, foreign_file, open_error, other_version, stray_log,
};
use super::transaction::StorageResult;
use crate::contracts::storage::StorageError;

/// Name of the file in the data directory; SQLite keeps its log beside it.
pub(super) const FILE: &str = "crosswire.db";
/// Name of the file that the writing process holds a lock on.
const LOCK: &str = "crosswire.lock";
const SCHEMA: &str = include_str!("schema.sql");
/// Marks the file as ours among the databases of other programs: "XWIR".
const APPLICATION_ID: i32 = 0x5857_4952;
/// Version of the schema.
const VERSION: i32 = 4;
/// Version that is upgraded when the file is opened for writing. Its tables have the same columns.
const UPGRADED: i32 = 3;
const UPGRADE: &str = include_str!("upgrade_3.sql");
/// Maximum time to wait for an operator's tool that holds the file, before a move fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open file with the right to write it.
pub(super) struct OpenedFile {
    pub(super) writer: Connection,
    pub(super) reader: Connection,
    /// The lock is held until this is dropped.
    pub(super) lock: File,
}

/// Opens the file in `directory`, and creates either when it is missing.
pub(super) fn open(directory: &Path) -> StorageResult<OpenedFile> {
    let unusable = |error: io::Error| directory_error(directory, &error);
    let path = directory.join(FILE);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unusable)?;
    let lock = lock(directory)?;
    if path.try_exists().map_err(unusable)? {
        check_file(&path)?;
    } else {
        create(directory, &path).map_err(|error| match error {
            CreateError::Disk(error) => unusable(error),
            CreateError::Database(error) => open_error(&path, &error),
            CreateError::Refused(error) => error,
        })?;
    }
    let writer = open_writer(&path)?;
    let reader = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Ok(OpenedFile { writer, reader, lock })
}

/// Opens an existing file for reading, beside a process that may be writing.
pub(super) fn open_read_only(directory: &Path) -> StorageResult<Connection> {
    let path = directory.join(FILE);
    if !path.try_exists().map_err(|error| directory_error(directory, &error))? {
        return Err(StorageError::Unavailable(format!(
            "there is no {}; start Crosswire once, or set DATA_DIR to the directory that it uses",
            path.display()
        )));
    }
    let db = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check_version(&path, &db)?;
    Ok(db)
}

/// Opens a database that is gone with its process.
pub(super) fn in_memory() -> StorageResult<Connection> {
    let db = Connection::open_in_memory()?;
    db.execute_batch(SCHEMA)?;
    keep_statements(&db)?;
    Ok(db)
}

pub(super) fn lock(directory: &Path) -> StorageResult<File> {
    let path = directory.join(LOCK);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(&path).map_err(|error| directory_error(directory, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Held(format!(
            "{} is in use by another process; stop it, or set DATA_DIR to another directory",
            directory.join(FILE).display()
        ))),
        Err(TryLockError::Error(error)) => Err(directory_error(directory, &error)),
    }
}

enum CreateError {
    Disk(io::Error),
    Database(rusqlite::Error),
    Refused(StorageError),
}

/// Creates the file under another name and renames it, so that it exists completely or not at all.
fn create(directory: &Path, path: &Path) -> Result<(), CreateError> {
    let logs = ["-wal", "-journal"].map(|suffix| with_suffix(path, suffix));
    if let Some(stray) = logs.iter().find(|log| log.exists()) {
        return Err(CreateError::Refused(stray_log(path, stray)));
    }
    let unfinished = with_suffix(path, "-new");
    for suffix in ["", "-journal"] {
        match fs::remove_file(with_suffix(&unfinished, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(CreateError::Disk(error));
            }
            _ => {}
        }
    }
    // Only the owner may read it; SQLite gives the log the same mode.
    let mut options = OpenOptions::new();
    let file = options.create_new(true).write(true).mode(0o600).open(&unfinished);
    drop(file.map_err(CreateError::Disk)?);
    write_schema(&unfinished).map_err(CreateError::Database)?;
    let publish = || {
        fs::rename(&unfinished, path)?;
        File::open(directory)?.sync_all()
    };
    publish().map_err(CreateError::Disk)
}

fn write_schema(path: &Path) -> rusqlite::Result<()> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch(&format!(
        "BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};
         {SCHEMA} COMMIT;"
    ))?;
    db.close().map_err(|(_, error)| error)
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Checks that a file is ours and intact, without writing to it.
pub(super) fn check_file(path: &Path) -> StorageResult<()> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check_version(path, &db)?;
    match is_intact(&db) {
        Ok(true) => Ok(()),
        Ok(false) => Err(damaged(path, "its pages are inconsistent")),
        Err(error) => Err(open_error(path, &error)),
    }
}

/// Checks all pages. The verdict may quote the data that it found, and is told to nobody.
pub(super) fn is_intact(db: &Connection) -> rusqlite::Result<bool> {
    let verdict = db.query_row("PRAGMA quick_check(1)", (), |row| row.get::<_, String>(0));
    Ok(verdict? == "ok")
}

fn check_version(path: &Path, db: &Connection) -> StorageResult<()> {
    let unreadable = |error| open_error(path, &error);
    let application = db.query_row("PRAGMA application_id", (), |row| row.get::<_, i32>(0));
    if application.map_err(unreadable)? != APPLICATION_ID {
        return Err(foreign_file(path));
    }
    let version = user_version(db).map_err(unreadable)?;
    if !(UPGRADED..=VERSION).contains(&version) {
        return Err(other_version(path, version, VERSION));
    }
    Ok(())
}

fn user_version(db: &Connection) -> rusqlite::Result<i32> {
    db.query_row("PRAGMA user_version", (), |row| row.get(0))
}

fn connect(path: &Path, flags: OpenFlags) -> StorageResult<Connection> {
    let open = || {
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(BUSY_TIMEOUT)?;
        keep_statements(&db)?;
        // The data for a rollback stays in memory, so that a full disk cannot prevent a rollback.
        db.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF")?;
        Ok(db)
    };
    open().map_err(|error| open_error(path, &error))
}

/// Has each statement compiled once. Without the stability guarantee it would be compiled again for
/// values that suggest another index.
fn keep_statements(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens the connection that writes. A commit is on the disk before it returns.
fn open_writer(path: &Path) -> StorageResult<Connection> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let prepare = || {
        let mode = db.query_row("PRAGMA journal_mode = WAL", (), |row| row.get::<_, String>(0))?;
        db.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;
             PRAGMA journal_size_limit = 8388608",
        )?;
        if user_version(&db)? == UPGRADED {
            db.execute_batch(&format!(
                "BEGIN IMMEDIATE; {UPGRADE} PRAGMA user_version = {VERSION}; COMMIT;"
            ))?;
        }
        // This process holds the lock, so the holders of all leases have ended.
        db.execute("UPDATE mailboxes SET at = 0 WHERE status = 'leased'", ())?;
        Ok(mode)
    };
    let mode = prepare().map_err(|error| open_error(path, &error))?;
    if mode != "wal" {
        return Err(StorageError::Refused(format!(
            "the file system of {} does not support a write-ahead log; set DATA_DIR to a local disk",
            path.display()
        )));
    }
    Ok(db)
}
