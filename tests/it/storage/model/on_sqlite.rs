//! The model-based tests on SQLite.

use std::path::Path;
use std::sync::Arc;

use crosswire::contracts::storage::{Queue, QueueKind};
use crosswire::model::address::Group;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::runner::DirectAccess;
use super::{ModelTest, SEQUENCES};
use crate::storage::on_sqlite::open;

/// The path of the database file, for access that bypasses the store.
#[derive(Clone)]
struct DirectFile(Arc<Path>);

impl DirectAccess for DirectFile {
    const IS_BATCHED: bool = false;

    async fn end_delays(&mut self, queue: &Queue, groups: &[Group]) {
        if groups.is_empty() {
            return;
        }
        let file = Connection::open(&self.0).unwrap();
        file.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
        for group in groups {
            let changed = file.execute(
                "UPDATE mailboxes SET at = 0 WHERE status = 'delayed' AND mailbox = ?1 AND queue =
                     (SELECT 2 * partition + ?2 FROM partitions WHERE topic = ?3 AND number = ?4)",
                params![
                    group.as_str(),
                    queue.kind == QueueKind::Outbox,
                    queue.partition.topic.as_str(),
                    queue.partition.number,
                ],
            );
            assert_eq!(changed.unwrap(), 1);
        }
    }
}

/// Creates a directory in memory where the system has one, to spare the disk thousands of writes.
fn directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn model_test(directory: &TempDir) -> ModelTest<DirectFile> {
    let file = DirectFile(directory.path().join("crosswire.db").into());
    ModelTest::new(Arc::new(open(directory.path()).unwrap()), file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_matches_the_model_on_random_sequences() {
    let directory = directory();
    model_test(&directory).check_random_sequences(SEQUENCES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_matches_the_model_on_every_short_sequence() {
    let directory = directory();
    model_test(&directory).check_every_short_sequence().await;
}
