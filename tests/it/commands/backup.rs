//! The command `backup`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use crosswire::model::clock::SystemClock;
use crosswire::stores::sqlite::{Sqlite, SqliteConfig};

use super::{crosswire, errors, output};
use crate::storage::fixture::Fixture;

fn open(directory: &Path) -> Sqlite {
    let (directory, clock) = (directory.to_owned(), Arc::new(SystemClock));
    Sqlite::open(SqliteConfig { directory, clock, ephemeral: None }).unwrap()
}

#[tokio::test]
async fn backup_beside_a_running_process_is_complete_and_can_be_restored() {
    let directory = tempfile::tempdir().unwrap();
    // This process has the file, as a server would, and writes go on.
    let f = Fixture::new(Arc::new(open(&directory.path().join("data"))));
    f.push("alice", "m1").await;
    let printed = output(&crosswire(directory.path(), &[], &["backup", "one.db"]));
    assert!(printed.contains("checked; 1 waiting messages"), "{printed}");
    f.push("alice", "m2").await;
    let copy = directory.path().join("one.db");
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let restored = directory.path().join("restored");
    std::fs::create_dir(&restored).unwrap();
    std::fs::copy(copy, restored.join("crosswire.db")).unwrap();
    let restored = Fixture { storage: Arc::new(open(&restored)), partition: f.partition.clone() };
    assert_eq!(restored.claim().await.id.as_str(), "m1");
    assert_eq!(restored.storage.depth(&restored.inbound()).await.unwrap().pending, 1);
    let names: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(names.len(), 3, "nothing is left beside the copy: {names:?}");
}

#[test]
fn backup_replaces_no_file_and_names_what_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let error = errors(&crosswire(directory.path(), &[], &["backup", "one.db"]));
    assert!(error.contains("there is no data/crosswire.db"), "{error}");
    drop(open(&directory.path().join("data")));
    std::fs::write(directory.path().join("one.db"), "mine").unwrap();
    let error = errors(&crosswire(directory.path(), &[], &["backup", "one.db"]));
    assert!(error.contains("one.db exists, and a backup replaces nothing"), "{error}");
    assert_eq!(std::fs::read(directory.path().join("one.db")).unwrap(), b"mine");
    let error = errors(&crosswire(directory.path(), &[], &["backup", "none/one.db"]));
    assert!(error.contains("none/one.db cannot be written"), "{error}");
    let redis = [("REDIS_URL", "redis://127.0.0.1:1")];
    let error = errors(&crosswire(directory.path(), &redis, &["backup", "two.db"]));
    assert!(error.contains("crosswire migrate --from env:REDIS_URL"), "{error}");
}

#[test]
fn damaged_file_makes_no_backup() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    drop(open(&data));
    let mut bytes = std::fs::read(data.join("crosswire.db")).unwrap();
    // The second page, and those behind it.
    bytes[4096..].fill(0x5a);
    std::fs::write(data.join("crosswire.db"), bytes).unwrap();
    let ended = crosswire(directory.path(), &[], &["backup", "one.db"]);
    assert!(!ended.status.success());
    let error = errors(&ended);
    assert!(error.contains("data/crosswire.db is damaged"), "{error}");
    let left = std::fs::read_dir(directory.path()).unwrap();
    let left: Vec<_> = left.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["data"], "nothing is left of the copy");
}
