//! The file: how it is made, opened, and refused when it is not ours. Nothing is written to a file
//! before it is known to be a sound one of this kind.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::step::Answer;
use crate::contracts::storage::StorageError;

/// The file in the data directory; SQLite keeps its log beside it.
pub(super) const FILE: &str = "crosswire.db";
/// Held by the process that writes.
const LOCK: &str = "crosswire.lock";
const SCHEMA: &str = include_str!("schema.sql");
/// What tells the file from other programs' databases: "XWIR".
const APPLICATION: i32 = 0x5857_4952;
/// Of the schema. A file of a later one is left alone.
const VERSION: i32 = 2;
/// Somebody may look at the file with a tool of their own for so long before a move fails.
const BUSY: Duration = Duration::from_secs(5);
/// More than there are different statements.
const STATEMENTS: usize = 128;

/// A file that is ours alone to write.
pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) reader: Connection,
    /// Held as long as this is not dropped.
    pub(super) lock: File,
}

/// Opens the file in `directory`, and makes both if there are none.
pub(super) fn open(directory: &Path) -> Answer<Opened> {
    let unusable = |error: io::Error| unusable(directory, &error);
    let path = directory.join(FILE);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unusable)?;
    let lock = lock(directory)?;
    if path.try_exists().map_err(unusable)? {
        look_over(&path)?;
    } else {
        create(directory, &path).map_err(|error| match error {
            Trouble::Disk(error) => unusable(error),
            Trouble::Database(error) => refusal(&path, &error),
            Trouble::Ours(error) => error,
        })?;
    }
    let writer = begin_writing(&path)?;
    let reader = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Ok(Opened { writer, reader, lock })
}

/// Opens the file for reading, beside a process that may be writing. Until one has begun there is
/// none.
pub(super) fn look(directory: &Path) -> Answer<Connection> {
    let path = directory.join(FILE);
    if !path.try_exists().map_err(|error| unusable(directory, &error))? {
        return Err(StorageError::Unavailable(format!(
            "there is no {}; start Crosswire once, or set DATA_DIR to where it runs",
            path.display()
        )));
    }
    let db = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    recognise(&path, &db)?;
    Ok(db)
}

/// A store that is gone with its process.
pub(super) fn in_memory() -> Answer<Connection> {
    let db = Connection::open_in_memory()?;
    db.execute_batch(SCHEMA)?;
    keep_statements(&db)?;
    Ok(db)
}

fn lock(directory: &Path) -> Answer<File> {
    let path = directory.join(LOCK);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(&path).map_err(|error| unusable(directory, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Refused(format!(
            "{} is in use by another process; stop it, or set DATA_DIR to another directory",
            directory.join(FILE).display()
        ))),
        Err(TryLockError::Error(error)) => Err(unusable(directory, &error)),
    }
}

enum Trouble {
    Disk(io::Error),
    Database(rusqlite::Error),
    Ours(StorageError),
}

/// Makes the file under another name first: under its own, it is there as a whole or not at all.
fn create(directory: &Path, path: &Path) -> Result<(), Trouble> {
    if let Some(stray) =
        ["-wal", "-journal"].map(|end| beside(path, end)).iter().find(|p| p.exists())
    {
        return Err(Trouble::Ours(StorageError::Refused(format!(
            "{} is there and {} is gone; bring it back, or move the rest away to begin anew",
            stray.display(),
            path.display()
        ))));
    }
    let unfinished = beside(path, "-new");
    for end in ["", "-journal"] {
        match fs::remove_file(beside(&unfinished, end)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Trouble::Disk(error)),
            _ => {}
        }
    }
    // What is in it is nobody else's business; SQLite gives the log the same mode.
    let mut options = OpenOptions::new();
    let file = options.create_new(true).write(true).mode(0o600).open(&unfinished);
    drop(file.map_err(Trouble::Disk)?);
    lay_out(&unfinished).map_err(Trouble::Database)?;
    let settle = || {
        fs::rename(&unfinished, path)?;
        File::open(directory)?.sync_all()
    };
    settle().map_err(Trouble::Disk)
}

fn lay_out(path: &Path) -> rusqlite::Result<()> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch(&format!(
        "BEGIN; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};
         {SCHEMA} COMMIT;"
    ))?;
    db.close().map_err(|(_, error)| error)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Whether a file is ours and whole, found out without writing to it.
fn look_over(path: &Path) -> Answer<()> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    recognise(path, &db)?;
    let check = db.query_row("PRAGMA quick_check(1)", (), |row| row.get::<_, String>(0));
    match check {
        Ok(verdict) if verdict == "ok" => Ok(()),
        // The verdict may quote what it found.
        Ok(_) => Err(damaged(path, "its pages do not hang together")),
        Err(error) => Err(refusal(path, &error)),
    }
}

fn recognise(path: &Path, db: &Connection) -> Answer<()> {
    let number = |pragma: &str| {
        let sql = format!("PRAGMA {pragma}");
        db.query_row(&sql, (), |row| row.get::<_, i32>(0)).map_err(|error| refusal(path, &error))
    };
    if number("application_id")? != APPLICATION {
        return Err(StorageError::Refused(format!(
            "{} is not a database of Crosswire's; move it away, or set DATA_DIR to another \
             directory",
            path.display()
        )));
    }
    let version = number("user_version")?;
    if version != VERSION {
        return Err(StorageError::Refused(format!(
            "{} was written by another version of Crosswire (its schema is {version}, this one's \
             is {VERSION}); run that version, or set DATA_DIR to another directory",
            path.display()
        )));
    }
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags) -> Answer<Connection> {
    let open = || {
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(BUSY)?;
        keep_statements(&db)?;
        // What is undone is remembered in memory: a full disk must not be in the way of undoing.
        db.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF")?;
        Ok(db)
    };
    open().map_err(|error| refusal(path, &error))
}

/// A statement is understood once. Without the guarantee it would be again whenever a value comes with
/// it that might speak for another index.
fn keep_statements(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// The connection that writes. What it commits is on the disk before it says so.
fn begin_writing(path: &Path) -> Answer<Connection> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let prepare = || {
        let mode = db.query_row("PRAGMA journal_mode = WAL", (), |row| row.get::<_, String>(0))?;
        db.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;
             PRAGMA journal_size_limit = 8388608",
        )?;
        // Nobody else can have the file, so whoever held a lease is dead.
        db.execute("UPDATE mailboxes SET at = 0 WHERE stands = 'leased'", ())?;
        Ok(mode)
    };
    let mode = prepare().map_err(|error| refusal(path, &error))?;
    if mode != "wal" {
        return Err(StorageError::Refused(format!(
            "the file system of {} cannot keep a log beside it; set DATA_DIR to a local disk",
            path.display()
        )));
    }
    Ok(db)
}

/// Why the file cannot be opened, and what to do about it.
fn refusal(path: &Path, error: &rusqlite::Error) -> StorageError {
    let path = path.display();
    StorageError::Refused(match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            format!("{path} is not a database; move it away, or set DATA_DIR to another directory")
        }
        Some(ErrorCode::DatabaseCorrupt) => return damaged_at(&path.to_string(), "as SQLite says"),
        Some(ErrorCode::DiskFull) => format!("the disk of {path} is full; free some of it"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => format!(
            "{path} cannot be written ({error}); give this process the right to it and its \
             directory, or set DATA_DIR to another directory"
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "{path} is held by another program; close it, or set DATA_DIR to another directory"
        ),
        _ => format!("{path} cannot be opened: {error}; set DATA_DIR to another directory"),
    })
}

fn damaged(path: &Path, how: &str) -> StorageError {
    damaged_at(&path.display().to_string(), how)
}

fn damaged_at(path: &str, how: &str) -> StorageError {
    StorageError::Refused(format!(
        "{path} is damaged ({how}); bring back a copy of it, or move it away to begin anew"
    ))
}

fn unusable(directory: &Path, error: &io::Error) -> StorageError {
    let directory = directory.display();
    StorageError::Refused(match error.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            format!("{directory} is no directory; set DATA_DIR to one")
        }
        ErrorKind::PermissionDenied => format!(
            "this process may not write to {directory}; give it the right to, or set DATA_DIR to \
             another directory"
        ),
        ErrorKind::ReadOnlyFilesystem => format!(
            "{directory} is on a file system that is read-only; set DATA_DIR to a directory that \
             can be written to"
        ),
        ErrorKind::StorageFull => format!("the disk of {directory} is full; free some of it"),
        _ => format!("{directory} cannot be used: {error}; set DATA_DIR to another directory"),
    })
}
