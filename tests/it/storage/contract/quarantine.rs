//! Quarantine: suspected poison messages are claimed one at a time.

use crosswire::contracts::storage::{Claim, Retry, Settled};

use crate::storage::fixture::{Fixture, LONG, MAX_CLAIMS, commit, retry};

/// Loses two claims of the first message of this group; no other message may be ready.
async fn crash_two_workers_with(f: &Fixture, group: &str) {
    for attempt in 1..=2 {
        let claim = f.claim().await;
        assert_eq!((claim.group.as_str(), claim.attempt, claim.isolated), (group, attempt, 0));
        f.crash(claim).await;
    }
}

/// Claims every message that is ready.
async fn claim_all(f: &Fixture) -> Vec<Claim> {
    let mut all = Vec::new();
    for _ in 0..MAX_CLAIMS {
        let Some(claim) = f.try_claim(&f.inbound(), LONG).await else { break };
        all.push(claim);
    }
    all
}

pub(crate) async fn message_with_two_lost_claims_is_a_suspect(f: Fixture) {
    f.push("alice", "m1").await;
    crash_two_workers_with(&f, "alice").await;
    let claim = f.claim().await;
    assert!(claim.is_suspect());
    assert_eq!((claim.attempt, claim.isolated), (3, 1));
    f.crash(claim).await;
    let claim = f.claim().await;
    assert_eq!((claim.attempt, claim.isolated), (4, 2));
}

pub(crate) async fn one_suspect_is_claimed_at_a_time_beside_other_messages(f: Fixture) {
    f.push("alice", "a1").await;
    crash_two_workers_with(&f, "alice").await;
    let suspect = f.claim().await;
    f.push("bob", "b1").await;
    crash_two_workers_with(&f, "bob").await;
    f.release(suspect).await;
    f.push("carol", "c1").await;
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().suspect, 2);
    let all = claim_all(&f).await;
    let suspects = all.iter().filter(|claim| claim.is_suspect()).count();
    assert_eq!((all.len(), suspects), (2, 1));
    let mut ids = Vec::new();
    for claim in all {
        ids.push(claim.id.as_str().to_owned());
        assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    }
    let second = f.claim().await;
    assert!(second.is_suspect());
    ids.push(second.id.as_str().to_owned());
    f.complete(second, commit()).await;
    ids.sort();
    assert_eq!(ids, ["a1", "b1", "c1"]);
}

pub(crate) async fn settled_suspect_leaves_quarantine(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    crash_two_workers_with(&f, "alice").await;
    let claim = f.claim().await;
    assert!(claim.is_suspect());
    f.retry(claim, Retry { failed: true, ..retry() }).await;
    let claim = f.claim().await;
    assert_eq!(claim.failures, 1);
    f.complete(claim, commit()).await;
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.is_suspect()), ("m2", false));
}
