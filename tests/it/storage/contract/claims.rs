//! Claims of several messages in one call, and with a completion.

use crosswire::contracts::storage::{
    Claim, ClaimRequest, Claimed, Commit, Completed, NextClaims, Queue, RecipientLimit, Settled,
};
use crosswire::model::state::{Check, Write};

use crate::storage::fixture::{
    Fixture, LONG, claim_request, commit, copy, entry, group, next_claim, retry,
};

fn up_to(max: usize) -> ClaimRequest {
    ClaimRequest { max, ..claim_request(LONG) }
}

/// Requests a message of the queue of a completion, and up to so many of the outbox.
fn next_and_owed(max: usize) -> NextClaims {
    NextClaims { owed: Some(ClaimRequest { reclaim: false, ..up_to(max) }), ..next_claim(up_to(1)) }
}

async fn claim(f: &Fixture, queue: &Queue, max: usize) -> Vec<Claim> {
    f.storage.claim(queue, &up_to(max)).await.unwrap().claims
}

fn ids(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.id.as_str()).collect()
}

async fn push_all(f: &Fixture, messages: &[(&str, &str)]) {
    for (group, id) in messages {
        f.push(group, id).await;
    }
}

pub(crate) async fn claim_returns_as_many_messages_as_are_asked_for(f: Fixture) {
    push_all(&f, &[("alice", "a1"), ("alice", "a2"), ("bob", "b1"), ("carol", "c1")]).await;
    let first = claim(&f, &f.inbound(), 2).await;
    assert_eq!(ids(&first), ["a1", "b1"]);
    let rest = claim(&f, &f.inbound(), 9).await;
    assert_eq!(ids(&rest), ["c1"], "a group has one claimed message at a time");
    for claim in first.into_iter().chain(rest) {
        assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    }
    assert_eq!(ids(&claim(&f, &f.inbound(), 9).await), ["a2"]);
}

pub(crate) async fn claim_of_several_messages_serves_lines_in_turn(f: Fixture) {
    f.push("alice", "m1").await;
    let to = ["aa11.a", "aa11.b", "aa11.c", "aa12.a", "aa12.b", "bb21.a", "yuri"];
    let outbox = to.iter().map(|to| entry(to, to)).collect();
    f.complete(f.claim().await, Commit { outbox, ..commit() }).await;
    let first = claim(&f, &f.outbox(), 5).await;
    assert_eq!(ids(&first), ["yuri", "aa11.a", "aa12.a", "bb21.a", "aa11.b"]);
    assert_eq!(ids(&claim(&f, &f.outbox(), 9).await), ["aa12.b", "aa11.c"]);
}

pub(crate) async fn line_has_the_turn_of_the_group_that_was_ready_first(f: Fixture) {
    push_all(&f, &[("alice", "m1"), ("bob", "m2"), ("carol", "m3")]).await;
    let [alice, bob, carol]: [Claim; 3] = claim(&f, &f.inbound(), 9).await.try_into().unwrap();
    let outbox = vec![entry("aa11.a", "o1"), entry("aa11.a", "o2")];
    f.complete(alice, Commit { outbox, ..commit() }).await;
    let first = f.claim_outbox().await;
    // In one batch, the rest of the first mailbox is ready before what the others add.
    let adding = |to: &str, id: &str| Commit { outbox: vec![entry(to, id)], ..commit() };
    let done = tokio::join!(
        f.complete(first, commit()),
        f.complete(bob, adding("bb21.a", "o3")),
        f.complete(carol, adding("aa11.b", "o4")),
    );
    assert_eq!(done, (Settled::Done, Settled::Done, Settled::Done));
    assert_eq!(ids(&claim(&f, &f.outbox(), 1).await), ["o2"]);
    assert_eq!(ids(&claim(&f, &f.outbox(), 2).await), ["o3", "o4"]);
}

pub(crate) async fn claim_of_several_messages_has_one_suspect(f: Fixture) {
    push_all(&f, &[("alice", "a1"), ("bob", "b1")]).await;
    for _ in 0..2 {
        for claim in claim(&f, &f.inbound(), 2).await {
            f.crash(claim).await;
        }
    }
    push_all(&f, &[("carol", "c1")]).await;
    let claims = claim(&f, &f.inbound(), 9).await;
    assert_eq!(claims.iter().map(Claim::is_suspect).collect::<Vec<_>>(), [true, false]);
    assert_eq!(ids(&claims), ["a1", "c1"]);
    assert_eq!(ids(&claim(&f, &f.inbound(), 9).await), [""; 0]);
}

pub(crate) async fn completion_claims_what_it_puts_into_the_outbox(f: Fixture) {
    push_all(&f, &[("alice", "a1"), ("alice", "a2")]).await;
    let outbox = vec![entry("xenia", "o1"), entry("yuri", "o2"), entry("zoe", "o3")];
    let claims = next_and_owed(2);
    let done = Commit { outbox, ..commit() };
    let completed = f.storage.complete(f.claim().await, done, &claims).await.unwrap();
    let Completed { settled, next, owed } = completed;
    assert_eq!(settled, Settled::Done);
    assert_eq!((ids(&next.claims), ids(&owed.claims)), (vec!["a2"], vec!["o1", "o2"]));
    for claim in next.claims.into_iter().chain(owed.claims) {
        assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    }
    assert_eq!(f.claim_outbox().await.id.as_str(), "o3");
}

pub(crate) async fn refused_completion_claims_nothing(f: Fixture) {
    push_all(&f, &[("alice", "a1"), ("bob", "b1"), ("carol", "c1")]).await;
    let outbox = vec![entry("xenia", "o1")];
    f.complete(f.claim().await, Commit { outbox: outbox.clone(), ..commit() }).await;
    let held = f.claim().await;
    let check = Check::Value { key: "k1".to_owned(), expected: Some("never".to_owned()) };
    let recipient = Some(RecipientLimit { group: group("xenia"), max_depth: 1 });
    let conflict = Commit { checks: vec![check], outbox: outbox.clone(), ..commit() };
    let congested = Commit { recipient, outbox: outbox.clone(), ..commit() };
    let before = f.snapshot().await;
    for refused in [conflict, congested] {
        let completed = f.storage.complete(copy(&held), refused, &next_and_owed(2)).await.unwrap();
        assert_ne!(completed.settled, Settled::Done);
        let nothing = (Claimed::default(), Claimed::default());
        assert_eq!((completed.next, completed.owed), nothing);
    }
    f.release(copy(&held)).await;
    let late = Commit { outbox, ..commit() };
    let completed = f.storage.complete(held, late, &next_and_owed(2)).await.unwrap();
    let lost = Completed {
        settled: Settled::LeaseLost,
        next: Claimed::default(),
        owed: Claimed::default(),
    };
    assert_eq!(completed, lost);
    assert_eq!(f.claim().await.id.as_str(), "b1");
    assert_eq!(f.snapshot().await, before);
}

pub(crate) async fn moves_that_wait_together_have_their_own_outcomes(f: Fixture) {
    push_all(&f, &[("alice", "a1"), ("bob", "b1"), ("carol", "c1"), ("dave", "d1")]).await;
    let [alice, bob, carol, dave]: [Claim; 4] =
        claim(&f, &f.inbound(), 9).await.try_into().unwrap();
    let check = Check::Value { key: "k1".to_owned(), expected: Some("never".to_owned()) };
    let conflict = Commit { checks: vec![check], ..commit() };
    let complete = async |claim: &Claim, commit| f.complete(copy(claim), commit).await;
    let (first, second, third, fourth, fifth) = tokio::join!(
        complete(&alice, commit()),
        complete(&alice, commit()),
        complete(&bob, conflict),
        f.retry(copy(&carol), retry()),
        complete(&dave, commit()),
    );
    assert_eq!((first, second), (Settled::Done, Settled::LeaseLost));
    let Settled::Conflict(kept) = third else { panic!("{third:?}") };
    assert_eq!((fourth, fifth), (Settled::Done, Settled::Done));
    assert_eq!(*kept, bob);
    assert_eq!(ids(&claim(&f, &f.inbound(), 9).await), ["c1"]);
}

pub(crate) async fn commit_sees_what_one_that_waited_with_it_has_changed(f: Fixture) {
    push_all(&f, &[("alice", "a1"), ("bob", "b1")]).await;
    let (alice, bob) = (f.claim().await, f.claim().await);
    let take_seat = |by: &str| {
        let (key, value) = ("seat".to_owned(), by.to_owned());
        let check = Check::Value { key: key.clone(), expected: None };
        Commit {
            checks: vec![check],
            writes: vec![Write::Put { key, value, ttl: LONG }],
            ..commit()
        }
    };
    let (first, second) =
        tokio::join!(f.complete(alice, take_seat("alice")), f.complete(bob, take_seat("bob")));
    assert_eq!(first, Settled::Done);
    assert!(matches!(second, Settled::Conflict(_)), "{second:?}");
    assert_eq!(f.value("seat").await.as_deref(), Some("alice"));
}
