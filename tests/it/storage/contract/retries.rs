//! A message that goes back stays at the head of its group.

use std::time::Duration;

use crosswire::contracts::storage::{Claimed, Retry, Settled};
use crosswire::model::event::EventKind;

use crate::storage::fixture::{Fixture, LONG, ask, commit, copy, facts, retry};

pub(crate) async fn a_delayed_retry_holds_up_its_own_group_alone_and_keeps_its_order(f: Fixture) {
    f.push("alice", "a1").await;
    f.push("alice", "a2").await;
    f.push("bob", "b1").await;
    let claim = f.claim().await;
    assert_eq!(f.retry(claim, Retry { after: LONG, ..retry() }).await, Settled::Done);
    assert_eq!(f.claim().await.id.as_str(), "b1");
    assert!(f.nothing_is_ready().await);
    let claimed = f.storage.claim(&f.inbound(), &ask(LONG)).await.unwrap();
    assert!(matches!(claimed, Claimed::Empty { next_due: Some(due) } if due <= LONG));
}

pub(crate) async fn a_delayed_retry_comes_back_when_it_is_due_before_what_came_later(f: Fixture) {
    f.push("alice", "a1").await;
    f.push("alice", "a2").await;
    let claim = f.claim().await;
    f.retry(claim, Retry { after: Duration::from_millis(50), ..retry() }).await;
    f.push("alice", "a3").await;
    for id in ["a1", "a2", "a3"] {
        let claim = f.claim_when_due(&f.inbound()).await;
        assert_eq!(claim.id.as_str(), id);
        f.complete(claim, commit()).await;
    }
}

pub(crate) async fn a_push_does_not_wake_a_group_whose_retry_is_not_due(f: Fixture) {
    f.push("alice", "a1").await;
    let claim = f.claim().await;
    f.retry(claim, Retry { after: LONG, ..retry() }).await;
    f.push("alice", "a2").await;
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn failures_and_lost_claims_are_counted_apart(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    assert_eq!((claim.attempt, claim.failures), (1, 0));
    f.retry(claim, Retry { failed: true, ..retry() }).await;
    let claim = f.claim().await;
    assert_eq!((claim.attempt, claim.failures), (1, 1));
    f.crash(claim).await;
    let claim = f.claim().await;
    assert_eq!((claim.attempt, claim.failures), (2, 1));
    f.retry(claim, Retry { failed: false, ..retry() }).await;
    let claim = f.claim().await;
    assert_eq!(claim.failures, 1);
    f.retry(claim, Retry { failed: true, ..retry() }).await;
    assert_eq!(f.claim().await.failures, 2);
}

pub(crate) async fn the_counts_of_a_message_are_not_those_of_the_next(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    let noted = Retry { failed: true, outcome_unknown: true, note: Some("n".into()), ..retry() };
    f.retry(claim, noted).await;
    let claim = f.claim().await;
    f.crash(claim).await;
    let claim = f.claim().await;
    f.complete(claim, commit()).await;
    let next = f.claim().await;
    assert_eq!(next.id.as_str(), "m2");
    assert_eq!((next.attempt, next.isolated, next.failures), (1, 0, 0));
    assert_eq!((next.outcome_unknown_since, next.note), (None, None));
}

pub(crate) async fn a_note_reaches_whoever_claims_the_message_next(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    assert_eq!(claim.note, None);
    let note = "{\"looks\":1} | ünï\n".to_owned();
    f.retry(claim, Retry { note: Some(note.clone()), ..retry() }).await;
    let claim = f.claim().await;
    assert_eq!(claim.note.as_ref(), Some(&note));
    f.crash(claim).await;
    let claim = f.claim().await;
    assert_eq!(claim.note.as_ref(), Some(&note), "a lost claim takes no note with it");
    f.retry(claim, retry()).await;
    assert_eq!(f.claim().await.note, None);
}

pub(crate) async fn a_claim_that_was_lost_may_have_happened_until_a_retry_says_it_has_not(
    f: Fixture,
) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    assert_eq!(claim.outcome_unknown_since, None);
    f.crash(claim).await;
    let claim = f.claim().await;
    let since = claim.outcome_unknown_since.expect("a claim was lost");
    f.retry(claim, Retry { outcome_unknown: true, ..retry() }).await;
    let claim = f.claim().await;
    assert_eq!(claim.outcome_unknown_since, Some(since));
    f.retry(claim, Retry { outcome_unknown: false, ..retry() }).await;
    assert_eq!(f.claim().await.outcome_unknown_since, None);
}

pub(crate) async fn a_release_leaves_no_trace(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let claim = f.claim().await;
    let noted = Retry { failed: true, outcome_unknown: true, note: Some("n".into()), ..retry() };
    f.retry(claim, noted).await;
    let before = f.snapshot().await;
    let claim = f.claim().await;
    let first = copy(&claim);
    assert_eq!(f.release(claim).await, Settled::Done);
    assert_eq!(f.snapshot().await, before);
    let again = f.claim().await;
    assert_eq!(again.id, first.id, "it goes back to where it was taken from");
    assert_eq!((again.attempt, again.failures), (first.attempt, first.failures));
    assert_eq!(
        (again.outcome_unknown_since, again.note),
        (first.outcome_unknown_since, first.note)
    );
}

pub(crate) async fn a_released_claim_leaves_an_earlier_lost_one_on_record(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    f.crash(claim).await;
    let claim = f.claim().await;
    let since = claim.outcome_unknown_since;
    f.release(claim).await;
    let claim = f.claim().await;
    assert_eq!((claim.attempt, claim.outcome_unknown_since), (2, since));
    assert!(since.is_some());
}

pub(crate) async fn what_a_retry_says_is_recorded(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let told = Some(facts("m1", &[EventKind::Retried]));
    f.retry(claim, Retry { facts: told, ..retry() }).await;
    let kinds = f.kinds("m1").await;
    assert_eq!(kinds, [EventKind::Received, EventKind::Queued, EventKind::Retried]);
}
