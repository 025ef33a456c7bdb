//! `wait`: a consumer is woken when work arrives.

use std::time::{Duration, Instant};

use crosswire::contracts::storage::Commit;

use crate::storage::fixture::{Fixture, commit, entry, now, wake};

/// Timeout far above the delay of a notification.
const TIMEOUT: Duration = Duration::from_secs(8);

pub(crate) async fn push_wakes_a_waiting_consumer(f: Fixture) {
    let start = Instant::now();
    let queue = f.inbound();
    let waiting = f.storage.wait(&queue, TIMEOUT);
    let (waited, _) = tokio::join!(waiting, f.push("alice", "m1"));
    waited.unwrap();
    assert!(start.elapsed() < TIMEOUT / 2, "{:?}", start.elapsed());
}

pub(crate) async fn commit_wakes_a_consumer_waiting_for_the_outbox(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let start = Instant::now();
    let queue = f.outbox();
    let waiting = f.storage.wait(&queue, TIMEOUT);
    let outbox = vec![entry("alice", "o1")];
    let (waited, _) = tokio::join!(waiting, f.complete(claim, Commit { outbox, ..commit() }));
    waited.unwrap();
    assert!(start.elapsed() < TIMEOUT / 2, "{:?}", start.elapsed());
}

pub(crate) async fn schedule_wakes_a_waiting_consumer(f: Fixture) {
    let start = Instant::now();
    let queue = f.inbound();
    let waiting = f.storage.wait(&queue, TIMEOUT);
    let wake = wake("@lobby", "due", 1);
    let (waited, scheduled) = tokio::join!(waiting, f.storage.schedule(&f.partition, wake, now()));
    scheduled.unwrap();
    waited.unwrap();
    assert!(start.elapsed() < TIMEOUT / 2, "{:?}", start.elapsed());
}

pub(crate) async fn wait_returns_after_its_timeout(f: Fixture) {
    let start = Instant::now();
    f.storage.wait(&f.inbound(), Duration::from_millis(100)).await.unwrap();
    assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());
}
