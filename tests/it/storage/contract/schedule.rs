//! Wakes that are scheduled without a commit.

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::storage::{Commit, Entry};
use crosswire::model::message::Wake;

use crate::storage::fixture::{Fixture, commit, now, wake};

fn lost() -> Wake {
    wake("@process:1", "lost", 1)
}

fn past() -> DateTime<Utc> {
    now() - TimeDelta::hours(1)
}

fn later() -> DateTime<Utc> {
    now() + TimeDelta::hours(1)
}

async fn schedule(f: &Fixture, wake: Wake, due: DateTime<Utc>) {
    f.storage.schedule(&f.partition, wake, due).await.unwrap();
}

async fn scheduled(f: &Fixture) -> u64 {
    f.storage.depth(&f.inbound()).await.unwrap().scheduled
}

/// Completes the wake, which must be the only message that is ready, and checks that it is this one.
async fn assert_fires_once(f: &Fixture, wake: Wake) {
    let claim = f.claim().await;
    let Entry { group, id, payload } = Entry::wake(wake);
    assert_eq!((&claim.group, &claim.id, &claim.payload), (&group, &id, &payload));
    f.complete(claim, commit()).await;
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn wake_scheduled_without_a_commit_is_claimable_when_due(f: Fixture) {
    let soon = now() + TimeDelta::milliseconds(60);
    schedule(&f, lost(), soon).await;
    assert_eq!(scheduled(&f).await, 1);
    let claim = f.claim_when_due(&f.inbound()).await;
    assert!(now() >= soon - TimeDelta::milliseconds(1), "the wake was delivered early");
    f.release(claim).await;
    assert_fires_once(&f, lost()).await;
    assert_eq!(scheduled(&f).await, 0);
}

pub(crate) async fn equal_wake_moves_to_its_new_time(f: Fixture) {
    schedule(&f, lost(), past()).await;
    for _ in 0..3 {
        schedule(&f, lost(), later()).await;
    }
    assert!(f.nothing_is_ready().await, "the wake is not due any more");
    assert_eq!(scheduled(&f).await, 1);
    schedule(&f, lost(), past()).await;
    assert_fires_once(&f, lost()).await;
    assert_eq!(scheduled(&f).await, 0);
}

pub(crate) async fn wake_of_a_commit_is_moved_too(f: Fixture) {
    f.push("waker", "m1").await;
    let claim = f.claim().await;
    let wakes = vec![(Entry::wake(lost()), Some(later()))];
    f.complete(claim, Commit { wakes, ..commit() }).await;
    schedule(&f, lost(), past()).await;
    assert_eq!(scheduled(&f).await, 1);
    assert_fires_once(&f, lost()).await;
}

pub(crate) async fn different_wakes_are_scheduled_apart(f: Fixture) {
    schedule(&f, lost(), later()).await;
    for different in [
        wake("@process:2", "lost", 1),
        wake("@process:1", "late", 1),
        wake("@process:1", "lost", 2),
    ] {
        schedule(&f, different.clone(), past()).await;
        assert_eq!(scheduled(&f).await, 2);
        assert_fires_once(&f, different).await;
    }
    assert_eq!(scheduled(&f).await, 1);
}

pub(crate) async fn wake_may_be_scheduled_again_after_it_fired(f: Fixture) {
    for _ in 0..3 {
        schedule(&f, lost(), past()).await;
        assert_fires_once(&f, lost()).await;
    }
}
