//! Deduplication: a repeated delivery by the provider changes nothing.

use crosswire::contracts::storage::{Push, Pushed};
use crosswire::model::message::MessageId;

use crate::storage::fixture::{Fixture, commit, entry, push};

pub(crate) async fn duplicate_push_is_ignored(f: Fixture) {
    assert_eq!(f.push("alice", "m1").await, Pushed::Accepted);
    let before = f.snapshot().await;
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate);
    assert_eq!(f.snapshot().await, before);
}

pub(crate) async fn duplicate_of_a_completed_message_is_ignored(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate);
    f.complete(claim, commit()).await;
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate);
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn duplicate_push_queues_no_second_reply(f: Fixture) {
    let with_reply = || Push { outbox: vec![entry("alice", "o1")], ..push(entry("alice", "m1")) };
    assert_eq!(f.push_with(with_reply()).await, Pushed::Accepted);
    assert_eq!(f.push_with(with_reply()).await, Pushed::Duplicate);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 1);
    assert_eq!(f.claim_outbox().await.payload, entry("alice", "o1").payload);
}

pub(crate) async fn refused_push_may_be_repeated(f: Fixture) {
    let tight = |id| Push { max_depth: 1, ..push(entry("alice", id)) };
    assert_eq!(f.push_with(tight("m1")).await, Pushed::Accepted);
    assert_eq!(f.push_with(tight("m2")).await, Pushed::Full);
    let claim = f.claim().await;
    f.complete(claim, commit()).await;
    assert_eq!(f.push_with(tight("m2")).await, Pushed::Accepted);
}

pub(crate) async fn push_under_another_id_of_an_accepted_message_is_ignored(f: Fixture) {
    let also = |id: &str, aliases: &[&str]| Push {
        aliases: aliases.iter().copied().map(MessageId::new).collect(),
        outbox: vec![entry("alice", "o1")],
        ..push(entry("alice", id))
    };
    assert_eq!(f.push_with(also("m1", &["a1", "a2"])).await, Pushed::Accepted);
    assert_eq!(f.push_with(also("m2", &["a3", "m1"])).await, Pushed::Duplicate);
    // An alias is not remembered: only what was accepted is known.
    assert_eq!(f.push_with(also("a1", &[])).await, Pushed::Accepted);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 2);
}
