//! The database file: invalid files are refused unchanged, with a one-line error that names the fix.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crosswire::contracts::storage::StorageError;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::storage::fixture::Fixture;
use crate::storage::on_sqlite::{on_sqlite, open};

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("crosswire.db")
}

/// Opens a store that must be refused; returns the error text.
pub(super) fn refusal(directory: &Path) -> String {
    match open(directory).err().expect("the store is refused") {
        StorageError::Refused(why) => {
            assert!(!why.contains('\n'), "{why}");
            why
        }
        other => panic!("{other:?}"),
    }
}

/// Asserts that the file is refused with this reason and remedy, and is not modified.
fn assert_refused_unchanged(directory: &TempDir, why: &str, remedy: &str) {
    let before = fs::read(file(directory)).unwrap();
    let error = refusal(directory.path());
    assert!(error.contains(why) && error.contains(remedy), "{error}");
    assert!(fs::read(file(directory)).unwrap() == before, "the file is unchanged");
    // No write-ahead log that would be applied to the file later.
    let log = fs::metadata(directory.path().join("crosswire.db-wal"));
    assert!(log.map_or(true, |log| log.len() == 0));
}

/// Returns the directory of a store with enough data to span several pages.
async fn with_content() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    for n in 0..300 {
        f.push(&format!("g{n}"), &format!("m{n}")).await;
    }
    directory
}

#[tokio::test]
async fn foreign_file_is_refused() {
    for content in ["x", "", "no database\n", &"SQLite format 3\0".repeat(1000)] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(file(&directory), content).unwrap();
        assert_refused_unchanged(&directory, "crosswire.db is ", "move it away");
    }
    let directory = tempfile::tempdir().unwrap();
    let mut random = vec![0; 50_000];
    getrandom::fill(&mut random).unwrap();
    fs::write(file(&directory), random).unwrap();
    assert_refused_unchanged(&directory, "is not a database", "move it away");
}

#[tokio::test]
async fn truncated_file_is_refused() {
    for part in [2, 3, 10] {
        let directory = with_content().await;
        let length = fs::metadata(file(&directory)).unwrap().len();
        fs::OpenOptions::new()
            .write(true)
            .open(file(&directory))
            .and_then(|file| file.set_len(length - length / part))
            .unwrap();
        assert_refused_unchanged(&directory, "is damaged", "restore it from a backup");
    }
}

#[tokio::test]
async fn file_with_a_corrupt_page_is_refused() {
    let directory = with_content().await;
    let pages = fs::metadata(file(&directory)).unwrap().len() / 4096;
    for page in [0, pages / 2, pages - 1] {
        let good = fs::read(file(&directory)).unwrap();
        let handle = fs::OpenOptions::new().write(true).open(file(&directory)).unwrap();
        // The first page begins with the header that identifies a SQLite file.
        let head = if page == 0 { 100 } else { 0 };
        handle.write_all_at(&vec![0xa5; 4096 - head], page * 4096 + head as u64).unwrap();
        drop(handle);
        assert_refused_unchanged(&directory, "crosswire.db is damaged", "restore it from a backup");
        fs::write(file(&directory), good).unwrap();
    }
    open(directory.path()).unwrap();
}

#[tokio::test]
async fn foreign_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let theirs = Connection::open(file(&directory)).unwrap();
    theirs
        .execute_batch("CREATE TABLE messages (body TEXT); INSERT INTO messages VALUES ('x')")
        .unwrap();
    drop(theirs);
    assert_refused_unchanged(&directory, "not a database of Crosswire;", "set DATA_DIR");
}

#[tokio::test]
async fn file_of_a_newer_schema_is_refused() {
    let directory = with_content().await;
    let newer = Connection::open(file(&directory)).unwrap();
    newer.execute_batch("PRAGMA user_version = 5; PRAGMA journal_mode = DELETE").unwrap_or(());
    drop(newer);
    assert_refused_unchanged(&directory, "schema 5, this version knows 4", "run that version");
}

#[tokio::test]
async fn file_of_an_earlier_version_is_refused_with_a_remedy() {
    let directory = with_content().await;
    let newer = Connection::open(file(&directory)).unwrap();
    newer.execute_batch("PRAGMA user_version = 2; PRAGMA journal_mode = DELETE").unwrap_or(());
    drop(newer);
    assert_refused_unchanged(&directory, "earlier version", "then move the file away");
}

#[tokio::test]
async fn file_of_schema_3_is_upgraded_and_keeps_its_data() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let Fixture { storage, partition } = f;
    drop(storage);
    let older = Connection::open(file(&directory)).unwrap();
    older
        .execute_batch(
            "DROP INDEX mailboxes_ready; DROP INDEX mailboxes_leased;
             DROP INDEX mailboxes_delayed; DROP INDEX mailboxes_suspect;
             CREATE INDEX mailboxes_by_status ON mailboxes (queue, status, at);
             CREATE INDEX mailboxes_ready_by_line ON mailboxes (queue, line, at)
                 WHERE status = 'ready';
             ALTER TABLE messages RENAME TO by_arrival;
             DROP INDEX messages_by_mailbox;
             CREATE TABLE messages (
                 queue INTEGER NOT NULL, mailbox TEXT NOT NULL, sequence INTEGER NOT NULL,
                 id TEXT NOT NULL, payload TEXT NOT NULL,
                 PRIMARY KEY (queue, mailbox, sequence)
             ) STRICT, WITHOUT ROWID;
             INSERT INTO messages SELECT * FROM by_arrival;
             DROP TABLE by_arrival;
             PRAGMA user_version = 3",
        )
        .unwrap();
    drop(older);
    let f = Fixture { storage: Arc::new(open(directory.path()).unwrap()), partition };
    assert_eq!((f.claim().await.id.as_str(), f.claim().await.id.as_str()), ("m1", "m2"));
    drop(f);
    let (upgraded, created) = (Connection::open(file(&directory)).unwrap(), with_content().await);
    let created = Connection::open(file(&created)).unwrap();
    assert_eq!(schema(&upgraded), schema(&created));
}

/// Returns the version of a file and the statements that made its tables and indices.
fn schema(db: &Connection) -> (i32, Vec<Option<String>>) {
    let version = db.query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap();
    let mut statements = db.prepare("SELECT sql FROM sqlite_schema ORDER BY name").unwrap();
    let statements = statements.query_map((), |row| row.get(0)).unwrap();
    (version, statements.collect::<Result<_, _>>().unwrap())
}

#[tokio::test]
async fn write_ahead_log_without_its_file_is_refused() {
    let directory = with_content().await;
    fs::rename(file(&directory), directory.path().join("elsewhere")).unwrap();
    fs::write(directory.path().join("crosswire.db-wal"), "log").unwrap();
    assert!(refusal(directory.path()).contains("crosswire.db is missing; restore it"));
    assert!(!file(&directory).exists());
}

#[tokio::test]
async fn partial_file_of_a_crashed_creation_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("crosswire.db-new"), "half").unwrap();
    on_sqlite(&directory).push("alice", "m1").await;
    assert!(!directory.path().join("crosswire.db-new").exists());
}

#[tokio::test]
async fn path_that_is_not_a_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "x").unwrap();
    for path in [path.clone(), path.join("below")] {
        let why = refusal(&path);
        assert!(why.contains("is not a directory; set DATA_DIR to one"), "{why}");
    }
}

#[tokio::test]
async fn files_are_readable_by_their_owner_only() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let store = open(&directory).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for name in ["crosswire.db", "crosswire.db-wal", "crosswire.db-shm", "crosswire.lock"] {
        assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
    }
    drop(store);
}
