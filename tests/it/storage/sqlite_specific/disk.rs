//! A disk that is full, nearly full or read-only.

use std::sync::Arc;

use crosswire::contracts::storage::{
    Commit, FeedLimits, NextClaims, Pushed, Settled, StorageError,
};
use crosswire::model::event::EventKind;
use crosswire::model::state::Write;

use super::file::refusal;
use crate::storage::fixture::{Fixture, LONG, commit, copy, entry, facts, push};
use crate::storage::on_sqlite::{on_sqlite, open};
use crate::support::Disk;

/// Returns a commit of 3 MiB, too large for the space that is left.
fn large_commit(id: &str) -> Commit {
    let value = "x".repeat(3 << 20);
    Commit {
        writes: vec![Write::Put { key: "k1".to_owned(), value, ttl: LONG }],
        outbox: vec![entry("xenia", "o1")],
        facts: Some(facts(id, &[EventKind::Handled])),
        ..commit()
    }
}

#[tokio::test]
async fn nearly_full_disk_refuses_pushes_and_completes_queued_messages() {
    let Some(disk) = Disk::mount() else { return };
    let f = on_sqlite(disk.dir());
    for n in 0..20 {
        f.push(&format!("g{n}"), &format!("m{n}")).await;
    }
    disk.fill(1 << 20);
    let pushed = f.storage.push(&f.partition, push(entry("late", "m99"))).await;
    let Err(StorageError::Unavailable(why)) = pushed else { panic!("{pushed:?}") };
    assert!(why.contains("is nearly full") && why.contains("free some of it"), "{why}");
    let rejected = facts("n1", &[EventKind::Rejected]);
    assert!(f.storage.record(&f.partition, rejected).await.is_err());
    assert!(f.storage.publish("news", "line", FeedLimits::lines(9)).await.is_err());
    assert_eq!(f.storage.health().await.unwrap().degraded, [why]);
    for _ in 0..20 {
        let claim = f.claim().await;
        let outbox = vec![entry(claim.group.as_str(), &format!("o-{}", claim.id))];
        assert_eq!(f.complete(claim, Commit { outbox, ..commit() }).await, Settled::Done);
    }
    disk.make_room();
    assert_eq!(f.push("late", "m99").await, Pushed::Accepted);
    assert_eq!(f.storage.health().await.unwrap().degraded, [""; 0]);
    drop(f);
}

#[tokio::test]
async fn full_disk_changes_nothing_and_store_recovers_with_free_space() {
    let Some(disk) = Disk::mount() else { return };
    let f = on_sqlite(disk.dir());
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let claim = f.claim().await;
    disk.fill(0);
    let before = f.snapshot().await;
    for _ in 0..3 {
        let refused =
            f.storage.complete(copy(&claim), large_commit("m1"), &NextClaims::default()).await;
        assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
        assert_eq!(f.snapshot().await, before, "no part of the commit is visible");
    }
    disk.make_room();
    assert_eq!(f.complete(claim, large_commit("m1")).await, Settled::Done);
    assert_eq!(f.claim().await.id.as_str(), "m2");
    assert_eq!(f.claim_outbox().await.id.as_str(), "o1");
    // The data is on the disk, not only in memory.
    let partition = f.partition;
    drop(f.storage);
    let f = Fixture { storage: Arc::new(open(disk.path()).unwrap()), partition };
    assert_eq!(f.value("k1").await.map(|value| value.len()), Some(3 << 20));
    drop(f);
}

#[tokio::test]
async fn full_disk_is_refused_at_creation_without_a_partial_file() {
    let Some(disk) = Disk::mount() else { return };
    disk.fill(0);
    let why = refusal(disk.path());
    assert!(why.contains("is full; free some of it"), "{why}");
    disk.make_room();
    on_sqlite(disk.dir()).push("alice", "m1").await;
}

#[tokio::test]
async fn read_only_disk_is_refused() {
    let Some(disk) = Disk::mount() else { return };
    disk.protect();
    let why = refusal(disk.path());
    assert!(
        why.contains("read-only file system; set DATA_DIR to a directory that can be"),
        "{why}"
    );
    let below = disk.path().join("below");
    assert!(refusal(&below).contains("read-only"));
    disk.unprotect();
    on_sqlite(disk.dir()).push("alice", "m1").await;
    disk.protect();
    assert!(refusal(disk.path()).contains("read-only"));
}
