//! Wakes: delivered to their group at once or when due.

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::storage::{Claim, Commit, Entry, Settled};

use crate::storage::fixture::{Fixture, LONG, MAX_CLAIMS, burial, commit, entry, now};

type Wakes<'a> = Vec<(&'a str, &'a str, Option<DateTime<Utc>>)>;

/// Completes a message of its own with these wakes.
async fn wake(f: &Fixture, id: &str, wakes: Wakes<'_>) {
    f.push("waker", id).await;
    let claim = f.claim().await;
    complete_with(f, claim, wakes).await;
}

async fn complete_with(f: &Fixture, claim: Claim, wakes: Wakes<'_>) {
    let wakes = wakes.into_iter().map(|(group, id, at)| (entry(group, id), at)).collect();
    assert_eq!(f.complete(claim, Commit { wakes, ..commit() }).await, Settled::Done);
}

pub(crate) async fn immediate_wake_is_claimable_at_once(f: Fixture) {
    wake(&f, "m1", vec![("@lobby", "pair", None)]).await;
    let claim = f.claim().await;
    assert_eq!((claim.group.as_str(), claim.id.as_str()), ("@lobby", "pair"));
    assert_eq!(claim.payload, entry("@lobby", "pair").payload);
    f.complete(claim, commit()).await;
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn scheduled_wake_is_claimable_when_due(f: Fixture) {
    let soon = now() + TimeDelta::milliseconds(60);
    let later = now() + TimeDelta::hours(1);
    wake(&f, "m1", vec![("@lobby", "late", Some(later)), ("@lobby", "soon", Some(soon))]).await;
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().scheduled, 2);
    let claim = f.claim_when_due(&f.inbound()).await;
    assert_eq!(claim.id.as_str(), "soon");
    assert!(now() >= soon - TimeDelta::milliseconds(1), "the wake was delivered early");
    assert_eq!(claim.payload, entry("@lobby", "soon").payload);
    f.complete(claim, commit()).await;
    assert!(f.nothing_is_ready().await);
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().scheduled, 1);
}

pub(crate) async fn pending_wakes_of_one_id_are_coalesced(f: Fixture) {
    for waker in ["w1", "w2", "w3"] {
        f.push(waker, waker).await;
    }
    let (one, two, three) = (f.claim().await, f.claim().await, f.claim().await);
    complete_with(&f, one, vec![("@lobby", "pair", None), ("@lobby", "pair", None)]).await;
    complete_with(&f, two, vec![("@lobby", "pair", None), ("@lobby", "other", None)]).await;
    complete_with(&f, three, vec![("@bar", "pair", None)]).await;
    let mut delivered = Vec::new();
    for _ in 0..MAX_CLAIMS {
        let Some(claim) = f.try_claim(&f.inbound(), LONG).await else { break };
        delivered.push(format!("{} {}", claim.group, claim.id));
        f.complete(claim, commit()).await;
    }
    delivered.sort();
    assert_eq!(delivered, ["@bar pair", "@lobby other", "@lobby pair"]);
}

pub(crate) async fn wakes_of_one_id_with_different_payloads_are_all_delivered(f: Fixture) {
    f.push("waker", "m1").await;
    let claim = f.claim().await;
    let pair_wake = |payload: &str| {
        let payload = payload.to_owned();
        (Entry { payload, ..entry("@lobby", "pair") }, None)
    };
    let wakes = vec![pair_wake("this"), pair_wake("that"), pair_wake("that")];
    f.complete(claim, Commit { wakes, ..commit() }).await;
    for expected in ["this", "that"] {
        let claim = f.claim().await;
        assert_eq!(claim.payload, expected);
        f.complete(claim, commit()).await;
    }
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn wake_after_completion_of_the_same_id_is_delivered(f: Fixture) {
    wake(&f, "m1", vec![("@lobby", "pair", None)]).await;
    let claim = f.claim().await;
    f.complete(claim, commit()).await;
    wake(&f, "m2", vec![("@lobby", "pair", None)]).await;
    assert_eq!(f.claim().await.id.as_str(), "pair");
}

pub(crate) async fn names_may_contain_any_character(f: Fixture) {
    let (room, id) = ("@a|b {c}:\n*", "7|é|");
    let past = now() - TimeDelta::hours(1);
    wake(&f, "m|1", vec![(room, id, None), (room, id, None), (room, "later|", Some(past))]).await;
    for id in [id, "later|"] {
        let claim = f.claim().await;
        assert_eq!((claim.group.as_str(), claim.id.as_str()), (room, id));
        assert_eq!(claim.payload, entry(room, id).payload);
        f.bury(claim, burial("|")).await;
        let dead = f.dead_letters(&f.inbound()).await.remove(0);
        assert_eq!((dead.group.as_str(), dead.id.as_str()), (room, id));
        assert_eq!(dead.payload, entry(room, id).payload);
    }
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn wake_during_a_claim_of_the_same_id_is_queued(f: Fixture) {
    for waker in ["w1", "w2"] {
        f.push(waker, waker).await;
    }
    let (one, two) = (f.claim().await, f.claim().await);
    complete_with(&f, one, vec![("@lobby", "pair", None)]).await;
    let claimed = f.claim().await;
    complete_with(&f, two, vec![("@lobby", "pair", None)]).await;
    assert_eq!(f.complete(claimed, commit()).await, Settled::Done);
    assert_eq!(f.claim().await.id.as_str(), "pair", "the claimed wake cannot cover a later one");
}
