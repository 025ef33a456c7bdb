//! Restarts, crashes and a second process on the same file.

use std::fs;
use std::sync::Arc;

use crosswire::contracts::storage::{
    Commit, FeedEntry, FeedLimits, Pushed, QueueKind, StorageError,
};
use crosswire::model::event::EventKind;
use crosswire::model::message::Wake;
use crosswire::model::state::Write;
use tempfile::TempDir;

use crate::storage::fixture::{Fixture, LONG, commit, entry, group, now, wake};
use crate::storage::on_sqlite::{on_sqlite, open};

/// Closes and reopens the store, as a restart does; returns the same topic.
fn restart(f: Fixture, directory: &TempDir) -> Fixture {
    let Fixture { storage, partition } = f;
    drop(storage);
    Fixture { storage: Arc::new(open(directory.path()).unwrap()), partition }
}

fn put(key: &str) -> Write {
    Write::Put { key: key.to_owned(), value: "kept".to_owned(), ttl: LONG }
}

fn insert(name: &str) -> Write {
    Write::Insert { pool: "p1".to_owned(), group: group(name), ttl: LONG }
}

/// Writes every kind of data; leaves one message claimed and one queued. Returns the sequence number
/// of the claimed one.
async fn write_every_kind(f: &Fixture) -> u64 {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let writes = vec![put("k1"), insert("alice")];
    let outbox = vec![entry("xenia", "o1")];
    f.complete(claim, Commit { writes, outbox, ..commit() }).await;
    f.storage.publish("news", "line", FeedLimits::lines(9)).await.unwrap();
    f.storage.schedule(&f.partition, late_wake(), now() + LONG).await.unwrap();
    f.push("bob", "m2").await;
    f.push("bob", "m3").await;
    f.claim().await.sequence
}

fn late_wake() -> Wake {
    wake("@lobby", "late", 1)
}

async fn assert_every_kind_is_kept(f: &Fixture) {
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate);
    assert_eq!(f.value("k1").await.as_deref(), Some("kept"));
    assert_eq!(f.members("p1").await.len(), 1);
    assert_eq!(f.kinds("m1").await, [EventKind::Received, EventKind::Queued]);
    let lines = f.storage.follow("news", None, std::time::Duration::ZERO).await.unwrap();
    assert!(matches!(&lines[..], [FeedEntry { text, .. }] if text == "line"));
    assert_eq!(f.claim_outbox().await.id.as_str(), "o1");
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().scheduled, 1);
}

#[tokio::test]
async fn restart_keeps_all_data_and_waits_for_no_lease() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    let sequence = write_every_kind(&f).await;
    let f = restart(f, &directory);
    assert_every_kind_is_kept(&f).await;
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.sequence), ("m2", sequence));
    assert_eq!(claim.attempt, 2, "the message may have crashed the process");
    assert!(claim.outcome_unknown_since.is_some());
    f.complete(claim, commit()).await;
    assert_eq!(f.claim().await.id.as_str(), "m3");
    f.storage.schedule(&f.partition, late_wake(), now()).await.unwrap();
    assert_eq!(f.claim().await.id.as_str(), "wake:late");
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().scheduled, 0, "the wake was moved");
}

#[tokio::test]
async fn message_that_crashes_its_process_twice_is_a_suspect() {
    let directory = tempfile::tempdir().unwrap();
    let mut f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    for attempt in 1..=2 {
        let claim = f.claim().await;
        assert_eq!((claim.attempt, claim.is_suspect()), (attempt, false));
        f = restart(f, &directory);
    }
    assert!(f.claim().await.is_suspect());
}

#[tokio::test]
async fn order_and_tickets_continue_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("zoe", "m1").await;
    let claim = f.claim().await;
    f.complete(claim, Commit { writes: vec![insert("zoe")], ..commit() }).await;
    f.push("zoe", "m2").await;
    let f = restart(f, &directory);
    f.push("alice", "m3").await;
    let (one, two) = (f.claim().await, f.claim().await);
    assert_eq!((one.id.as_str(), two.id.as_str()), ("m2", "m3"));
    assert!(one.sequence < two.sequence);
    f.complete(one, Commit { writes: vec![insert("alice")], ..commit() }).await;
    let members = f.members("p1").await;
    assert_eq!(members.iter().map(|m| m.group.as_str()).collect::<Vec<_>>(), ["zoe", "alice"]);
}

#[tokio::test]
async fn acknowledged_writes_are_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    write_every_kind(&f).await;
    // A kill leaves the file and its write-ahead log as they are now.
    let copied = tempfile::tempdir().unwrap();
    for name in ["crosswire.db", "crosswire.db-wal"] {
        fs::copy(directory.path().join(name), copied.path().join(name)).unwrap();
    }
    let storage = Arc::new(open(copied.path()).unwrap());
    let f = Fixture { storage, partition: f.partition };
    assert_every_kind_is_kept(&f).await;
    assert_eq!(f.claim().await.id.as_str(), "m2");
}

#[tokio::test]
async fn clean_shutdown_leaves_no_write_ahead_log() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    write_every_kind(&f).await;
    drop(f);
    let files = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["crosswire.db", "crosswire.lock"]);
}

#[tokio::test]
async fn second_process_is_refused_until_the_first_ends() {
    let directory = tempfile::tempdir().unwrap();
    let first = on_sqlite(&directory);
    let refused = open(directory.path()).err().expect("a first process is running");
    let StorageError::Held(why) = &refused else { panic!("{refused:?}") };
    assert!(why.contains("crosswire.db is in use by another process; stop it, or set DATA_DIR"));
    first.push("alice", "m1").await;
    let second = restart(first, &directory);
    assert_eq!(second.claim().await.queue.kind, QueueKind::Inbound);
}
