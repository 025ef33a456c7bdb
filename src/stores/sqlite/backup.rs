//! Backup of the file while a process writes it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::Sqlite;
use super::file::{self, FILE, with_suffix};
use super::file_error::damaged;
use super::transaction::{StorageResult, to_u64};
use crate::contracts::storage::StorageError;

/// Copy that was made and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSummary {
    pub bytes: u64,
    /// Messages of all queues.
    pub messages: u64,
    pub dead_letters: u64,
    pub timers: u64,
    /// Values that handlers keep.
    pub values: u64,
}

impl Sqlite {
    /// Copies the file of `directory` as it is at one moment, beside the process that writes it. The copy
    /// is checked, and exists completely or not at all.
    ///
    /// # Errors
    /// In one line with what to do: `Unavailable` when there is no file yet, `Refused` when `target` exists
    /// or cannot be written, or when a file is damaged.
    pub fn backup(directory: &Path, target: &Path) -> StorageResult<BackupSummary> {
        if target.symlink_metadata().is_ok() {
            return Err(exists(target));
        }
        let source = file::open_read_only(directory)?;
        let unfinished = Unfinished::create(target)?;
        let damaged = || damaged(&directory.join(FILE), "found by a check of its copy");
        let explain = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(),
            _ => failed(target, &error),
        };
        copy(&source, &unfinished.0).map_err(explain)?;
        if !is_intact(&unfinished.0).map_err(explain)? {
            return Err(damaged());
        }
        let summary = summarise(&unfinished.0)?;
        unfinished.publish(target)?;
        Ok(summary)
    }
}

fn exists(target: &Path) -> StorageError {
    StorageError::Refused(format!(
        "{} exists, and a backup replaces nothing; name another file, or remove it",
        target.display()
    ))
}

fn failed(target: &Path, error: &dyn std::error::Error) -> StorageError {
    StorageError::Refused(format!(
        "the backup {} cannot be written: {error}; name a file in a directory with enough space that \
         this user may write to",
        target.display()
    ))
}

/// File under another name, which is removed unless it is published.
struct Unfinished(PathBuf);

impl Unfinished {
    fn create(target: &Path) -> StorageResult<Self> {
        // A name of its own: another backup may be at work on the same target.
        let suffix = format!("-unfinished-{}", uuid::Uuid::now_v7().simple());
        let path = with_suffix(target, &suffix);
        // Only the owner may read it.
        let mut options = OpenOptions::new();
        let created = options.create_new(true).write(true).mode(0o600).open(&path);
        created.map_err(|error| failed(target, &error))?;
        Ok(Self(path))
    }

    fn publish(self, target: &Path) -> StorageResult<()> {
        let publish = || {
            File::open(&self.0)?.sync_all()?;
            rename(&self.0, target)?;
            let directory = target.parent().filter(|it| !it.as_os_str().is_empty());
            File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
        };
        match publish() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(target)),
            published => published.map_err(|error| failed(target, &error)),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let _ = fs::remove_file(with_suffix(&self.0, suffix));
        }
    }
}

/// Renames a file, and replaces none. Some file systems cannot promise that: there the target was looked
/// for before the copy.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            fs::rename(from, to)
        }
        renamed => Ok(renamed?),
    }
}

/// Copies all pages in one step, and thus from one moment: the log beside the file keeps the reader apart
/// from the writer. The copy is a single file.
fn copy(source: &Connection, path: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let outcome = Backup::new(source, &mut target)?.step(-1)?;
    if outcome != StepResult::Done {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some("the file is held by another program".to_owned()),
        ));
    }
    target.query_row("PRAGMA journal_mode = DELETE", (), |_| Ok(()))?;
    target.close().map_err(|(_, error)| error)
}

fn is_intact(path: &Path) -> rusqlite::Result<bool> {
    file::is_intact(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

fn summarise(path: &Path) -> StorageResult<BackupSummary> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let count =
        |sql: &str| -> StorageResult<u64> { Ok(to_u64(db.query_row(sql, (), |row| row.get(0))?)) };
    Ok(BackupSummary {
        bytes: path.metadata().map_or(0, |file| file.len()),
        messages: count("SELECT count(*) FROM messages")?,
        dead_letters: count("SELECT count(*) FROM dead_letters")?,
        timers: count("SELECT count(*) FROM wakes")?,
        values: count("SELECT count(*) FROM state")?,
    })
}
