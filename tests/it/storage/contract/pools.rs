//! Members of a pool, each of which has a time to live.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use crosswire::contracts::storage::{Commit, Retention, Settled};
use crosswire::model::state::{Check, Write};

use crate::storage::fixture::{Fixture, LONG, commit, group, now};

/// TTL that expires within a test.
const MOMENT: Duration = Duration::from_millis(20);
/// Time limit for a member to expire.
const TIMEOUT: Duration = Duration::from_secs(10);

async fn insert(f: &Fixture, name: &str, ttl: Duration) {
    f.push("writer", &format!("{name} {}", now())).await;
    let claim = f.claim().await;
    let insert = Write::Insert { pool: "p1".to_owned(), group: group(name), ttl };
    f.complete(claim, Commit { writes: vec![insert], ..commit() }).await;
}

async fn names(f: &Fixture) -> Vec<String> {
    f.members("p1").await.into_iter().map(|member| member.group.as_str().to_owned()).collect()
}

async fn wait_for_members(f: &Fixture, expected: &[&str]) {
    let start = Instant::now();
    while names(f).await != expected {
        assert!(start.elapsed() < TIMEOUT, "still there: {:?}", names(f).await);
        tokio::task::yield_now().await;
    }
}

async fn trim(f: &Fixture) {
    let retention = Retention { events: LONG, dead_letters: LONG };
    // A trim with an interval of zero may run again a millisecond later.
    let start = now();
    while now() - start < TimeDelta::milliseconds(3) {
        tokio::task::yield_now().await;
    }
    f.storage.trim(&f.partition, retention, Duration::ZERO).await.unwrap();
}

pub(crate) async fn expired_member_is_not_sampled(f: Fixture) {
    insert(&f, "alice", MOMENT).await;
    insert(&f, "bob", LONG).await;
    wait_for_members(&f, &["bob"]).await;
    let sample = f.storage.members(&f.partition, "p1", 1).await.unwrap();
    assert_eq!(sample.len(), 1, "an expired member is not part of a sample");
}

pub(crate) async fn expired_member_is_removed_by_the_next_upkeep(f: Fixture) {
    insert(&f, "alice", MOMENT).await;
    insert(&f, "bob", LONG).await;
    wait_for_members(&f, &["bob"]).await;
    trim(&f).await;
    assert_eq!(f.storage.size(&f.partition, "p1").await.unwrap(), 1);
    assert_eq!(names(&f).await, ["bob"]);
}

pub(crate) async fn renewed_member_keeps_its_place_and_gets_the_new_ttl(f: Fixture) {
    insert(&f, "alice", LONG).await;
    insert(&f, "bob", LONG).await;
    let before = f.members("p1").await;
    insert(&f, "alice", LONG).await;
    assert_eq!(f.members("p1").await, before);
    insert(&f, "alice", MOMENT).await;
    wait_for_members(&f, &["bob"]).await;
    insert(&f, "bob", MOMENT).await;
    insert(&f, "bob", LONG).await;
    insert(&f, "carol", MOMENT).await;
    wait_for_members(&f, &["bob"]).await;
}

pub(crate) async fn member_that_comes_back_after_its_ttl_is_last(f: Fixture) {
    insert(&f, "alice", MOMENT).await;
    insert(&f, "bob", LONG).await;
    wait_for_members(&f, &["bob"]).await;
    insert(&f, "alice", LONG).await;
    assert_eq!(names(&f).await, ["bob", "alice"]);
    trim(&f).await;
    assert_eq!(names(&f).await, ["bob", "alice"]);
}

pub(crate) async fn check_of_an_expired_member_conflicts(f: Fixture) {
    insert(&f, "alice", LONG).await;
    let member = f.members("p1").await.remove(0);
    insert(&f, "alice", MOMENT).await;
    wait_for_members(&f, &[]).await;
    f.push("writer", "m1").await;
    let claim = f.claim().await;
    let checks = vec![Check::Member { pool: "p1".to_owned(), member }];
    let settled = f.complete(claim, Commit { checks, ..commit() }).await;
    assert!(matches!(settled, Settled::Conflict(_)), "{settled:?}");
}
