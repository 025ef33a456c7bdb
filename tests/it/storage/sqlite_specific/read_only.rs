//! The read-only store, opened beside the running process.

use std::time::Duration;

use crosswire::contracts::storage::{
    FeedLimits, Feeds as _, Inspection as _, Queues as _, Records as _, StorageError, Upkeep as _,
};
use crosswire::model::event::EventKind;
use crosswire::stores::sqlite::Sqlite;
use tempfile::TempDir;

use crate::storage::fixture::{Fixture, LONG, burial, claim_request, entry, facts, push};
use crate::storage::on_sqlite::{clock, on_sqlite, open};

fn open_read_only(directory: &TempDir) -> Sqlite {
    Sqlite::open_read_only(directory.path(), &clock()).unwrap()
}

#[tokio::test]
async fn read_only_store_sees_writes_of_the_running_process() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    let reader = open_read_only(&directory);
    let kinds = |events: Vec<crosswire::model::event::Event>| -> Vec<_> {
        events.into_iter().map(|event| event.kind).collect()
    };
    let events = reader.events(&f.partition, None).await.unwrap();
    assert_eq!(kinds(events), [EventKind::Received, EventKind::Queued]);
    let claim = f.claim().await;
    let recorded = crosswire::contracts::storage::Burial {
        facts: Some(facts("m1", &[EventKind::Buried])),
        ..burial("poison")
    };
    f.bury(claim, recorded).await;
    let events = reader.events(&f.partition, None).await.unwrap();
    assert_eq!(kinds(events).last(), Some(&EventKind::Buried));
    assert_eq!(reader.dead_letters_before(&f.inbound(), None, 9).await.unwrap().len(), 1);
    assert_eq!(reader.health().await.unwrap(), crosswire::contracts::storage::Health::default());
}

#[tokio::test]
async fn read_only_store_follows_a_feed_of_the_running_process() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    let reader = open_read_only(&directory);
    let following = reader.follow("news", None, Duration::from_secs(8));
    let publishing = async {
        // The follower waits by then, and has found no line.
        tokio::task::yield_now().await;
        f.storage.publish("news", "line", FeedLimits::lines(9)).await
    };
    let (lines, published) = tokio::join!(following, publishing);
    published.unwrap();
    assert_eq!(lines.unwrap()[0].text, "line");
}

#[tokio::test]
async fn read_only_store_refuses_changes() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let before = f.snapshot().await;
    let reader = open_read_only(&directory);
    let refusals = [
        reader.push(&f.partition, push(entry("bob", "m2"))).await.err(),
        reader.record(&f.partition, facts("m3", &[EventKind::Rejected])).await.err(),
        reader.claim(&f.inbound(), &claim_request(LONG)).await.err(),
        reader.release(claim).await.err(),
        reader.extend(&f.inbound(), LONG, &[]).await.err(),
        reader.reclaim(&f.inbound()).await.err(),
        reader.publish("news", "line", FeedLimits::lines(9)).await.err(),
        reader.audit(&f.inbound(), LONG).await.err(),
    ];
    for error in refusals {
        let Some(StorageError::Refused(why)) = error else { panic!("{error:?}") };
        assert!(why.contains("make changes in the process that runs on it"), "{why}");
    }
    assert_eq!(f.snapshot().await, before);
}

#[tokio::test]
async fn read_only_store_opens_a_stopped_store_and_does_not_lock_it() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    let Fixture { storage, partition } = f;
    drop(storage);
    let reader = open_read_only(&directory);
    assert_eq!(reader.events(&partition, None).await.unwrap().len(), 2);
    // A process that starts meanwhile is not locked out.
    let f = Fixture { storage: std::sync::Arc::new(open(directory.path()).unwrap()), partition };
    f.push("alice", "m2").await;
    assert_eq!(reader.events(&f.partition, None).await.unwrap().len(), 4);
}

#[tokio::test]
async fn read_only_store_refuses_a_missing_or_foreign_file() {
    let directory = tempfile::tempdir().unwrap();
    let error = || Sqlite::open_read_only(directory.path(), &clock()).err().unwrap().to_string();
    assert!(error().contains("start Crosswire once"), "{}", error());
    assert!(!directory.path().join("crosswire.db").exists());
    std::fs::write(directory.path().join("crosswire.db"), "something else").unwrap();
    assert!(error().contains("is not a database"), "{}", error());
}
