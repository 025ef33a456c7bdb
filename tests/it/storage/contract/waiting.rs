//! `wait`: a consumer is woken when work arrives.

use std::time::{Duration, Instant};

use crosswire::contracts::storage::{Claim, Commit, Entry, NextClaims};

use crate::storage::fixture::{Fixture, LONG, claim_request, commit, entry, now, wake};

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

/// Completes a message and claims one of the outbox, while a consumer of the outbox waits.
async fn complete_while_one_waits(f: &Fixture, claim: Claim, outbox: Vec<Entry>) -> String {
    let start = Instant::now();
    let queue = f.outbox();
    let waiting = f.storage.wait(&queue, TIMEOUT);
    let claims = NextClaims { next: None, owed: Some(claim_request(LONG)) };
    let completing = f.storage.complete(claim, Commit { outbox, ..commit() }, &claims);
    let (waited, completed) = tokio::join!(waiting, completing);
    waited.unwrap();
    assert!(start.elapsed() < TIMEOUT / 2, "{:?}", start.elapsed());
    completed.unwrap().owed.claims.remove(0).id.as_str().to_owned()
}

pub(crate) async fn completion_wakes_a_consumer_for_what_it_does_not_claim(f: Fixture) {
    f.push("alice", "m1").await;
    let outbox = vec![entry("xenia", "o1"), entry("yuri", "o2")];
    assert_eq!(complete_while_one_waits(&f, f.claim().await, outbox).await, "o1");
}

pub(crate) async fn completion_that_claims_an_older_message_wakes_a_consumer_for_its_own(
    f: Fixture,
) {
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let (alice, bob) = (f.claim().await, f.claim().await);
    f.complete(alice, Commit { outbox: vec![entry("xenia", "o1")], ..commit() }).await;
    // Another consumer has heard of the older message.
    f.storage.wait(&f.outbox(), TIMEOUT).await.unwrap();
    let outbox = vec![entry("yuri", "o2")];
    assert_eq!(complete_while_one_waits(&f, bob, outbox).await, "o1");
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
