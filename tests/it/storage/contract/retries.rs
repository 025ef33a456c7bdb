//! Retries and releases: the message stays first in its group.

use std::time::Duration;

use crosswire::contracts::storage::{Retry, Settled};
use crosswire::model::event::EventKind;

use crate::storage::fixture::{Fixture, LONG, claim_request, commit, copy, facts, retry};

pub(crate) async fn delayed_retry_blocks_only_its_own_group(f: Fixture) {
    f.push("alice", "a1").await;
    f.push("alice", "a2").await;
    f.push("bob", "b1").await;
    let claim = f.claim().await;
    assert_eq!(f.retry(claim, Retry { after: LONG, ..retry() }).await, Settled::Done);
    assert_eq!(f.claim().await.id.as_str(), "b1");
    assert!(f.nothing_is_ready().await);
    let claimed = f.storage.claim(&f.inbound(), &claim_request(LONG)).await.unwrap();
    assert!(claimed.claims.is_empty() && claimed.next_due.is_some_and(|due| due <= LONG));
}

pub(crate) async fn delayed_retry_precedes_later_messages_of_its_group(f: Fixture) {
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

pub(crate) async fn push_does_not_release_a_group_with_a_delayed_retry(f: Fixture) {
    f.push("alice", "a1").await;
    let claim = f.claim().await;
    f.retry(claim, Retry { after: LONG, ..retry() }).await;
    f.push("alice", "a2").await;
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn failures_and_lost_claims_are_counted_separately(f: Fixture) {
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

pub(crate) async fn counts_of_a_message_do_not_carry_over_to_the_next(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    let failed = Retry { failed: true, outcome_unknown: true, note: Some("n".into()), ..retry() };
    f.retry(claim, failed).await;
    let claim = f.claim().await;
    f.crash(claim).await;
    let claim = f.claim().await;
    f.complete(claim, commit()).await;
    let next = f.claim().await;
    assert_eq!(next.id.as_str(), "m2");
    assert_eq!((next.attempt, next.isolated, next.failures), (1, 0, 0));
    assert_eq!((next.outcome_unknown_since, next.note), (None, None));
}

pub(crate) async fn note_is_returned_with_the_next_claim(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    assert_eq!(claim.note, None);
    let note = "{\"looks\":1} | ünï\n".to_owned();
    f.retry(claim, Retry { note: Some(note.clone()), ..retry() }).await;
    let claim = f.claim().await;
    assert_eq!(claim.note.as_ref(), Some(&note));
    f.crash(claim).await;
    let claim = f.claim().await;
    assert_eq!(claim.note.as_ref(), Some(&note), "a lost claim keeps the note");
    f.retry(claim, retry()).await;
    assert_eq!(f.claim().await.note, None);
}

pub(crate) async fn lost_claim_keeps_outcome_unknown_until_retry_settles_it(f: Fixture) {
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

pub(crate) async fn release_restores_the_message_unchanged(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let claim = f.claim().await;
    let failed = Retry { failed: true, outcome_unknown: true, note: Some("n".into()), ..retry() };
    f.retry(claim, failed).await;
    let before = f.snapshot().await;
    let claim = f.claim().await;
    let first = copy(&claim);
    assert_eq!(f.release(claim).await, Settled::Done);
    assert_eq!(f.snapshot().await, before);
    let again = f.claim().await;
    assert_eq!(again.id, first.id, "its position in the queue is restored");
    assert_eq!((again.attempt, again.failures), (first.attempt, first.failures));
    assert_eq!(
        (again.outcome_unknown_since, again.note),
        (first.outcome_unknown_since, first.note)
    );
}

pub(crate) async fn release_keeps_an_earlier_lost_claim(f: Fixture) {
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

pub(crate) async fn facts_of_a_retry_are_recorded(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let facts = Some(facts("m1", &[EventKind::Retried]));
    f.retry(claim, Retry { facts, ..retry() }).await;
    let kinds = f.kinds("m1").await;
    assert_eq!(kinds, [EventKind::Received, EventKind::Queued, EventKind::Retried]);
}
