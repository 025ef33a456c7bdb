//! A provider that delivers twice changes nothing the second time.

use crosswire::contracts::storage::{Push, Pushed};

use crate::storage::fixture::{Fixture, commit, entry, push};

pub(crate) async fn a_message_that_comes_twice_waits_once(f: Fixture) {
    assert_eq!(f.push("alice", "m1").await, Pushed::Accepted);
    let before = f.snapshot().await;
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate);
    assert_eq!(f.snapshot().await, before);
}

pub(crate) async fn a_message_that_comes_again_after_its_completion_is_not_handled_again(
    f: Fixture,
) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate);
    f.complete(claim, commit()).await;
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate);
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn what_an_accepted_message_owes_is_owed_once(f: Fixture) {
    let owing = || Push { outbox: vec![entry("alice", "o1")], ..push(entry("alice", "m1")) };
    assert_eq!(f.push_with(owing()).await, Pushed::Accepted);
    assert_eq!(f.push_with(owing()).await, Pushed::Duplicate);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 1);
    assert_eq!(f.claim_outbox().await.payload, entry("alice", "o1").payload);
}

pub(crate) async fn a_message_that_was_refused_may_come_again(f: Fixture) {
    let tight = |id| Push { max_depth: 1, ..push(entry("alice", id)) };
    assert_eq!(f.push_with(tight("m1")).await, Pushed::Accepted);
    assert_eq!(f.push_with(tight("m2")).await, Pushed::Full);
    let claim = f.claim().await;
    f.complete(claim, commit()).await;
    assert_eq!(f.push_with(tight("m2")).await, Pushed::Accepted);
}
