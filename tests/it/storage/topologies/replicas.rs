//! What is acknowledged is on as many replicas as was asked for.

use crosswire::contracts::storage::{Commit, Pushed, Settled, StorageError};
use crosswire::stores::redis::RedisConfig;
use nix::sys::signal::Signal;

use super::nodes::replicated;
use super::{on, push_until_taken, settings, work_through};
use crate::storage::fixture::{Fixture, LONG, ask, commit, entry, push};

#[tokio::test]
async fn push_is_refused_without_its_replica_and_takes_effect_once() {
    let (master, replicas) = replicated(1).await;
    let f = on(RedisConfig { wait_replicas: 1, ..settings(&master.url()) }).await;
    work_through(&f, "m1").await;
    replicas[0].signal(Signal::SIGSTOP);
    let pushed = f.storage.push(&f.partition, push(entry("alice", "m2"))).await;
    assert!(matches!(pushed, Err(StorageError::Unavailable(_))), "{pushed:?}");
    replicas[0].signal(Signal::SIGCONT);
    // The master has it already; now the replica has, too.
    assert_eq!(push_until_taken(&f, "alice", "m2").await, Pushed::Duplicate);
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 1);
    assert_eq!(f.claim().await.id.as_str(), "m2");
}

/// What is owed to two people, put into the outbox by the completion of a message.
async fn owe(f: &Fixture) {
    push_until_taken(f, "alice", "m1").await;
    let outbox = vec![entry("bob", "o1"), entry("carol", "o2")];
    let claim = f.claim().await;
    assert_eq!(f.complete(claim, Commit { outbox, ..commit() }).await, Settled::Done);
}

#[tokio::test]
async fn unreplicated_outbox_claim_is_released() {
    let (master, replicas) = replicated(1).await;
    let f = on(RedisConfig { wait_replicas: 1, ..settings(&master.url()) }).await;
    owe(&f).await;
    let in_hand = f.claim_outbox().await;
    replicas[0].signal(Signal::SIGSTOP);
    let claimed = f.storage.claim(&f.outbox(), &ask(LONG)).await;
    assert!(matches!(claimed, Err(StorageError::Unavailable(_))), "{claimed:?}");
    let completed = f.storage.complete(in_hand, commit(), Some(&ask(LONG))).await;
    assert!(matches!(completed, Err(StorageError::Unavailable(_))), "{completed:?}");
    replicas[0].signal(Signal::SIGCONT);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().leased, 0);
    push_until_taken(&f, "alice", "m2").await;
    // Nobody has worked on it, so it is no suspect, has not been tried, and cannot have been sent.
    let claim = f.claim_outbox().await;
    assert_eq!((claim.id.as_str(), claim.attempt, claim.outcome_unknown_since), ("o2", 1, None));
}

#[tokio::test]
async fn messages_are_handled_without_the_replica() {
    let (master, replicas) = replicated(1).await;
    let f = on(RedisConfig { wait_replicas: 1, ..settings(&master.url()) }).await;
    push_until_taken(&f, "alice", "m1").await;
    replicas[0].signal(Signal::SIGSTOP);
    let claim = f.claim().await;
    assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    replicas[0].signal(Signal::SIGCONT);
}
