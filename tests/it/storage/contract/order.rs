//! Order: one message at a time within a group, concurrent claims between groups.

use crosswire::contracts::storage::{Commit, Settled};

use crate::storage::fixture::{
    Fixture, LONG, MAX_CLAIMS, claim_request, commit, entry, into_claim, next_claim,
};

pub(crate) async fn messages_of_a_group_are_claimed_in_order(f: Fixture) {
    for id in ["m1", "m2", "m3"] {
        f.push("alice", id).await;
    }
    for id in ["m1", "m2", "m3"] {
        let claim = f.claim().await;
        assert_eq!((claim.id.as_str(), claim.group.as_str()), (id, "alice"));
        assert_eq!(claim.payload, entry("alice", id).payload);
        assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    }
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn group_has_one_claimed_message_at_a_time(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    f.push("alice", "m3").await;
    assert!(f.nothing_is_ready().await);
    f.complete(claim, commit()).await;
    assert_eq!(f.claim().await.id.as_str(), "m2");
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn groups_are_claimed_concurrently_and_in_turn(f: Fixture) {
    for (group, id) in [("alice", "a1"), ("alice", "a2"), ("bob", "b1"), ("carol", "c1")] {
        f.push(group, id).await;
    }
    let alice = f.claim().await;
    let bob = f.claim().await;
    assert_eq!((alice.id.as_str(), bob.id.as_str()), ("a1", "b1"));
    f.complete(alice, commit()).await;
    assert_eq!(f.claim().await.id.as_str(), "c1", "carol has waited longer than alice");
    assert_eq!(f.claim().await.id.as_str(), "a2");
}

pub(crate) async fn outbox_keeps_commit_order_per_recipient(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let (one, two) = (f.claim().await, f.claim().await);
    let outbox = vec![entry("xenia", "o3"), entry("yuri", "o4")];
    f.complete(two, Commit { outbox, ..commit() }).await;
    let outbox = vec![entry("yuri", "o1"), entry("yuri", "o2")];
    f.complete(one, Commit { outbox, ..commit() }).await;

    let mut sent = Vec::new();
    for _ in 0..MAX_CLAIMS {
        let Some(claim) = f.try_claim(&f.outbox(), LONG).await else { break };
        sent.push(format!("{} {}", claim.group, claim.id));
        assert_eq!(claim.payload, entry(claim.group.as_str(), claim.id.as_str()).payload);
        f.complete(claim, commit()).await;
    }
    sent.sort_by_key(|sent| sent.starts_with("yuri"));
    assert_eq!(sent, ["xenia o3", "yuri o4", "yuri o1", "yuri o2"]);
}

pub(crate) async fn inbound_and_outbox_queues_are_independent(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let outbox = vec![entry("alice", "o1")];
    f.complete(claim, Commit { outbox, ..commit() }).await;
    assert!(f.nothing_is_ready().await);
    assert_eq!(f.claim_outbox().await.id.as_str(), "o1");
}

pub(crate) async fn one_call_completes_a_message_and_claims_the_next(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    let request = claim_request(LONG);
    let completed =
        f.storage.complete(claim, commit(), &next_claim(request.clone())).await.unwrap();
    assert_eq!(completed.settled, Settled::Done);
    let next = into_claim(completed.next).expect("m2 is ready");
    assert_eq!((next.id.as_str(), &next.token), ("m2", &request.token));

    let request = claim_request(LONG);
    let completed = f.storage.complete(next, commit(), &next_claim(request)).await.unwrap();
    assert_eq!(completed.settled, Settled::Done);
    assert!(into_claim(completed.next).is_none());
}
