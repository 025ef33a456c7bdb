//! Who reads beside the process that runs.

use std::time::Duration;

use crosswire::contracts::storage::{
    Feeds as _, Queues as _, Records as _, StorageError, Upkeep as _,
};
use crosswire::model::event::EventKind;
use crosswire::stores::sqlite::Sqlite;
use tempfile::TempDir;

use crate::storage::fixture::{Fixture, LONG, ask, burial, entry, facts, push};
use crate::storage::on_sqlite::{clock, on_sqlite, open};

fn looking(directory: &TempDir) -> Sqlite {
    Sqlite::open_read_only(directory.path(), &clock()).unwrap()
}

#[tokio::test]
async fn read_only_store_sees_writes_of_the_running_process() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    let looking = looking(&directory);
    let seen = |events: Vec<crosswire::model::event::Event>| -> Vec<_> {
        events.into_iter().map(|event| event.kind).collect()
    };
    let events = looking.events(&f.partition, None).await.unwrap();
    assert_eq!(seen(events), [EventKind::Received, EventKind::Queued]);
    let claim = f.claim().await;
    let told = crosswire::contracts::storage::Burial {
        facts: Some(facts("m1", &[EventKind::Buried])),
        ..burial("poison")
    };
    f.bury(claim, told).await;
    let events = looking.events(&f.partition, None).await.unwrap();
    assert_eq!(seen(events).last(), Some(&EventKind::Buried));
    assert_eq!(looking.dead_letters(&f.inbound(), 9).await.unwrap().len(), 1);
    assert_eq!(looking.health().await.unwrap(), crosswire::contracts::storage::Health::default());
}

#[tokio::test]
async fn read_only_store_follows_a_feed_of_the_running_process() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    let looking = looking(&directory);
    let following = looking.follow("news", None, Duration::from_secs(8));
    let publishing = async {
        // It listens by then, in vain.
        tokio::task::yield_now().await;
        f.storage.publish("news", "line", 9).await
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
    let looking = looking(&directory);
    let all = [
        looking.push(&f.partition, push(entry("bob", "m2"))).await.err(),
        looking.record(&f.partition, facts("m3", &[EventKind::Rejected])).await.err(),
        looking.claim(&f.inbound(), &ask(LONG)).await.err(),
        looking.release(claim).await.err(),
        looking.extend(&f.inbound(), LONG, &[]).await.err(),
        looking.reclaim(&f.inbound()).await.err(),
        looking.publish("news", "line", 9).await.err(),
        looking.audit(&f.inbound(), LONG).await.err(),
    ];
    for error in all {
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
    let looking = looking(&directory);
    assert_eq!(looking.events(&partition, None).await.unwrap().len(), 2);
    // Nor is anybody who begins meanwhile kept from it.
    let f = Fixture { storage: std::sync::Arc::new(open(directory.path()).unwrap()), partition };
    f.push("alice", "m2").await;
    assert_eq!(looking.events(&f.partition, None).await.unwrap().len(), 4);
}

#[tokio::test]
async fn read_only_store_refuses_a_missing_or_foreign_file() {
    let directory = tempfile::tempdir().unwrap();
    let look = || Sqlite::open_read_only(directory.path(), &clock()).err().unwrap().to_string();
    assert!(look().contains("start Crosswire once"), "{}", look());
    assert!(!directory.path().join("crosswire.db").exists());
    std::fs::write(directory.path().join("crosswire.db"), "something else").unwrap();
    assert!(look().contains("is not a database"), "{}", look());
}
