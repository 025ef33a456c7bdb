//! Whoever comes too late changes nothing.

use std::time::Duration;

use crosswire::contracts::storage::{Burial, Claim, Commit, Retry, Settled};
use crosswire::model::event::EventKind;
use crosswire::model::state::Write;

use crate::storage::fixture::{
    Fixture, LONG, ask, burial, commit, copy, entry, facts, push, retry,
};

/// A commit that would show everywhere.
fn loud_commit() -> Commit {
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

fn loud_retry() -> Retry {
    Retry {
        failed: true,
        note: Some("late".to_owned()),
        facts: Some(facts("m1", &[EventKind::Retried])),
        ..retry()
    }
}

fn loud_burial() -> Burial {
    Burial {
        outbox: vec![entry("xenia", "late")],
        facts: Some(facts("m1", &[EventKind::Buried])),
        ..burial("late")
    }
}

/// Settles with a claim that is not good any more, in every way there is.
async fn settle_late_in_every_way(f: &Fixture, late: &Claim) {
    let before = f.snapshot().await;
    let completed = f.storage.complete(copy(late), loud_commit(), Some(&ask(LONG))).await.unwrap();
    assert_eq!(completed.settled, Settled::LeaseLost);
    assert_eq!(completed.next, None);
    assert_eq!(f.retry(copy(late), loud_retry()).await, Settled::LeaseLost);
    assert_eq!(f.bury(copy(late), loud_burial()).await, Settled::LeaseLost);
    assert_eq!(f.release(copy(late)).await, Settled::LeaseLost);
    let ours = [(late.group.clone(), late.token.clone())];
    let lost = f.storage.extend(&late.queue, Duration::ZERO, &ours).await.unwrap();
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
    settle_late_in_every_way(&f, &late).await;
    assert_eq!(f.complete(second, commit()).await, Settled::Done);
}

pub(crate) async fn settlement_fails_after_the_lease_was_reclaimed(f: Fixture) {
    f.push("alice", "m1").await;
    let late = f.claim().await;
    f.crash(copy(&late)).await;
    settle_late_in_every_way(&f, &late).await;
    assert_eq!(f.claim().await.id, late.id);
}

pub(crate) async fn settlement_fails_after_the_message_was_completed(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let late = f.claim().await;
    f.crash(copy(&late)).await;
    let second = f.claim().await;
    f.complete(second, commit()).await;
    settle_late_in_every_way(&f, &late).await;
    let third = f.claim().await;
    assert_eq!(third.id.as_str(), "m2");
    settle_late_in_every_way(&f, &late).await;
    assert_eq!(f.complete(third, commit()).await, Settled::Done);
    settle_late_in_every_way(&f, &late).await;
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
