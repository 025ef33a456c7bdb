//! Fencing: a settlement whose lease is lost changes nothing.

use std::time::Duration;

use crosswire::contracts::storage::{Burial, Claim, Claimed, Commit, Retry, Settled};
use crosswire::model::event::EventKind;
use crosswire::model::state::Write;

use crate::storage::fixture::{
    Fixture, LONG, burial, claim_request, commit, copy, entry, facts, next_claim, push, retry,
};

/// Returns a commit whose effects would be visible in every read.
fn visible_commit() -> Commit {
    let (pool, ttl) = ("p1".to_owned(), LONG);
    Commit {
        writes: vec![
            Write::Put { key: "k1".to_owned(), value: "late".to_owned(), ttl },
            Write::Insert { pool, group: crate::storage::fixture::group("late"), ttl: LONG },
            Write::Count { name: "c1".to_owned(), by: 1, ttl },
        ],
        outbox: vec![entry("xenia", "late")],
        wakes: vec![(entry("@lobby", "late"), None)],
        provider_id: Some("late".to_owned()),
        facts: Some(facts("m1", &[EventKind::Handled])),
        ..commit()
    }
}

fn visible_retry() -> Retry {
    Retry {
        failed: true,
        note: Some("late".to_owned()),
        facts: Some(facts("m1", &[EventKind::Retried])),
        ..retry()
    }
}

fn visible_burial() -> Burial {
    Burial {
        outbox: vec![entry("xenia", "late")],
        facts: Some(facts("m1", &[EventKind::Buried])),
        ..burial("late")
    }
}

/// Tries every settlement with a lost claim; asserts that each is refused and changes nothing.
async fn assert_fenced(f: &Fixture, late: &Claim) {
    let before = f.snapshot().await;
    let completed = f
        .storage
        .complete(copy(late), visible_commit(), &next_claim(claim_request(LONG)))
        .await
        .unwrap();
    assert_eq!(completed.settled, Settled::LeaseLost);
    assert_eq!(completed.next, Claimed::default());
    assert_eq!(f.retry(copy(late), visible_retry()).await, Settled::LeaseLost);
    assert_eq!(f.bury(copy(late), visible_burial()).await, Settled::LeaseLost);
    assert_eq!(f.release(copy(late)).await, Settled::LeaseLost);
    let lease = [(late.group.clone(), late.token.clone())];
    let lost = f.storage.extend(&late.queue, Duration::ZERO, &lease).await.unwrap();
    assert_eq!(lost.as_slice(), std::slice::from_ref(&late.group));
    assert_eq!(f.snapshot().await, before);
    let known = f.storage.known_sent(&f.partition, &["late".to_owned()]).await.unwrap();
    assert_eq!(known, [false]);
}

pub(crate) async fn settlement_fails_after_the_message_was_claimed_again(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let late = f.claim().await;
    f.crash(copy(&late)).await;
    let second = f.claim().await;
    assert_fenced(&f, &late).await;
    assert_eq!(f.complete(second, commit()).await, Settled::Done);
}

pub(crate) async fn settlement_fails_after_the_lease_was_reclaimed(f: Fixture) {
    f.push("alice", "m1").await;
    let late = f.claim().await;
    f.crash(copy(&late)).await;
    assert_fenced(&f, &late).await;
    assert_eq!(f.claim().await.id, late.id);
}

pub(crate) async fn settlement_fails_after_the_message_was_completed(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let late = f.claim().await;
    f.crash(copy(&late)).await;
    let second = f.claim().await;
    f.complete(second, commit()).await;
    assert_fenced(&f, &late).await;
    let third = f.claim().await;
    assert_eq!(third.id.as_str(), "m2");
    assert_fenced(&f, &late).await;
    assert_eq!(f.complete(third, commit()).await, Settled::Done);
    assert_fenced(&f, &late).await;
}

pub(crate) async fn lost_lease_is_reported_before_a_conflict(f: Fixture) {
    f.push_with(push(entry("alice", "m1"))).await;
    let late = f.claim().await;
    f.crash(copy(&late)).await;
    f.claim().await;
    let check = crosswire::model::state::Check::Value {
        key: "k1".to_owned(),
        expected: Some("never".to_owned()),
    };
    let settled = f.complete(late, Commit { checks: vec![check], ..commit() }).await;
    assert_eq!(settled, Settled::LeaseLost);
}
