//! The model, held against SQLite.

use std::path::Path;
use std::sync::Arc;

use crosswire::contracts::storage::{Queue, QueueKind};
use crosswire::model::address::Group;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::runner::Hook;
use super::{Bench, ROWS};
use crate::storage::on_sqlite::open;

/// Past the store, at the file.
#[derive(Clone)]
struct DirectFile(Arc<Path>);

impl Hook for DirectFile {
    async fn fall_due(&mut self, queue: &Queue, groups: &[Group]) {
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

/// In memory where there is such a place: rows by the thousand wear out no disk, and wait for none.
fn directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn bench(directory: &TempDir) -> Bench<DirectFile> {
    let file = DirectFile(directory.path().join("crosswire.db").into());
    Bench::new(Arc::new(open(directory.path()).unwrap()), file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_matches_the_model_on_random_sequences() {
    let directory = directory();
    bench(&directory).hold_to_rows_at_random(ROWS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_matches_the_model_on_every_short_sequence() {
    let directory = directory();
    bench(&directory).hold_to_every_row_of_a_small_scope().await;
}
