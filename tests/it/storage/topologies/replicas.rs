//! Acknowledgement by replicas (`wait_replicas`).

use crosswire::contracts::storage::{Commit, Pushed, Settled, StorageError};
use crosswire::stores::redis::RedisConfig;
use nix::sys::signal::Signal;

use super::nodes::replicated;
use super::{fixture_on, process_message, push_until_accepted, settings};
use crate::storage::fixture::{Fixture, LONG, claim_request, commit, entry, next_claim, push};

#[tokio::test]
async fn push_is_refused_without_its_replica_and_takes_effect_once() {
    let (master, replicas) = replicated(1).await;
    let f = fixture_on(RedisConfig { wait_replicas: 1, ..settings(&master.url()) }).await;
    process_message(&f, "m1").await;
    replicas[0].signal(Signal::SIGSTOP);
    let pushed = f.storage.push(&f.partition, push(entry("alice", "m2"))).await;
    assert!(matches!(pushed, Err(StorageError::Unavailable(_))), "{pushed:?}");
    replicas[0].signal(Signal::SIGCONT);
    // The master had stored it already; now the replica has it, too.
    assert_eq!(push_until_accepted(&f, "alice", "m2").await, Pushed::Duplicate);
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 1);
    assert_eq!(f.claim().await.id.as_str(), "m2");
}

/// Completes a message with replies to two recipients in its outbox.
async fn queue_two_replies(f: &Fixture) {
    push_until_accepted(f, "alice", "m1").await;
    let outbox = vec![entry("bob", "o1"), entry("carol", "o2")];
    let claim = f.claim().await;
    assert_eq!(f.complete(claim, Commit { outbox, ..commit() }).await, Settled::Done);
}

#[tokio::test]
async fn unreplicated_outbox_claim_is_released() {
    let (master, replicas) = replicated(1).await;
    let f = fixture_on(RedisConfig { wait_replicas: 1, ..settings(&master.url()) }).await;
    queue_two_replies(&f).await;
    let claimed_before = f.claim_outbox().await;
    replicas[0].signal(Signal::SIGSTOP);
    let claimed = f.storage.claim(&f.outbox(), &claim_request(LONG)).await;
    assert!(matches!(claimed, Err(StorageError::Unavailable(_))), "{claimed:?}");
    let completed =
        f.storage.complete(claimed_before, commit(), &next_claim(claim_request(LONG))).await;
    assert!(matches!(completed, Err(StorageError::Unavailable(_))), "{completed:?}");
    replicas[0].signal(Signal::SIGCONT);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().leased, 0);
    push_until_accepted(&f, "alice", "m2").await;
    // No worker received the claim, so it counts as no attempt and its outcome is not unknown.
    let claim = f.claim_outbox().await;
    assert_eq!((claim.id.as_str(), claim.attempt, claim.outcome_unknown_since), ("o2", 1, None));
}

#[tokio::test]
async fn messages_are_handled_without_the_replica() {
    let (master, replicas) = replicated(1).await;
    let f = fixture_on(RedisConfig { wait_replicas: 1, ..settings(&master.url()) }).await;
    push_until_accepted(&f, "alice", "m1").await;
    replicas[0].signal(Signal::SIGSTOP);
    let claim = f.claim().await;
    assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    replicas[0].signal(Signal::SIGCONT);
}
