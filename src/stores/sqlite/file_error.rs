//! Errors of the database file and its directory, each with what to do about it.

use std::io::{self, ErrorKind};
use std::path::Path;

use rusqlite::ErrorCode;

use crate::contracts::storage::StorageError;

/// An error of SQLite while the file was opened.
pub(super) fn open_error(path: &Path, error: &rusqlite::Error) -> StorageError {
    let shown = path.display();
    StorageError::Refused(match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            format!("{shown} is not a database; move it away, or set DATA_DIR to another directory")
        }
        Some(ErrorCode::DatabaseCorrupt) => return damaged(path, "according to SQLite"),
        Some(ErrorCode::DiskFull) => format!("the disk of {shown} is full; free some of it"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => format!(
            "{shown} cannot be written ({error}); give this process write access to it and its \
             directory, or set DATA_DIR to another directory"
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "{shown} is held by another program; close it, or set DATA_DIR to another directory"
        ),
        _ => format!("{shown} cannot be opened: {error}; set DATA_DIR to another directory"),
    })
}

pub(super) fn damaged(path: &Path, how: &str) -> StorageError {
    StorageError::Refused(format!(
        "{} is damaged ({how}); restore it from a backup, or move it away to start with an empty one",
        path.display()
    ))
}

pub(super) fn foreign_file(path: &Path) -> StorageError {
    StorageError::Refused(format!(
        "{} is not a database of Crosswire; move it away, or set DATA_DIR to another directory",
        path.display()
    ))
}

/// A file with the schema of an earlier or a later version of Crosswire.
pub(super) fn other_version(path: &Path, version: i32, expected: i32) -> StorageError {
    let path = path.display();
    StorageError::Refused(if version < expected {
        format!(
            "{path} was written by an earlier version of Crosswire (schema {version}, this version \
             needs {expected}) and cannot be upgraded; let the earlier version work off its queues, \
             then move the file away to start with an empty one, or set DATA_DIR to another directory"
        )
    } else {
        format!(
            "{path} was written by a later version of Crosswire (schema {version}, this version \
             knows {expected}); run that version, or set DATA_DIR to another directory"
        )
    })
}

/// A log of SQLite whose database file is missing.
pub(super) fn stray_log(path: &Path, log: &Path) -> StorageError {
    StorageError::Refused(format!(
        "{} exists but {} is missing; restore it, or move the rest away to start with an empty one",
        log.display(),
        path.display()
    ))
}

pub(super) fn directory_error(directory: &Path, error: &io::Error) -> StorageError {
    let directory = directory.display();
    StorageError::Refused(match error.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            format!("{directory} is not a directory; set DATA_DIR to one")
        }
        ErrorKind::PermissionDenied => format!(
            "this process may not write to {directory}; give it write access, or set DATA_DIR to \
             another directory"
        ),
        ErrorKind::ReadOnlyFilesystem => format!(
            "{directory} is on a read-only file system; set DATA_DIR to a directory that can be \
             written to"
        ),
        ErrorKind::StorageFull => format!("the disk of {directory} is full; free some of it"),
        _ => format!("{directory} cannot be used: {error}; set DATA_DIR to another directory"),
    })
}
