//! Dead letters: listed in pages, moved back, discarded.

use std::slice;
use std::time::{Duration, Instant};

use crosswire::contracts::storage::{
    Burial, Commit, DeadLetterId, Replay, Retry, Settled, StorageError,
};
use crosswire::model::event::{EventKind, Facts};
use crosswire::model::message::MessageId;

use crate::storage::fixture::{Fixture, LONG, burial, commit, entry, facts, retry};

/// Buries these messages of a mailbox, and returns their letters in the same order.
async fn bury_all(f: &Fixture, group: &str, ids: &[&str]) -> Vec<DeadLetterId> {
    for id in ids {
        f.push(group, id).await;
        let claim = f.claim().await;
        assert_eq!(claim.id.as_str(), *id);
        f.bury(claim, burial(&format!("reason of {id}"))).await;
    }
    letters(f, ids.len()).await.into_iter().rev().map(|(id, _)| id).collect()
}

/// Returns the newest letters of the inbound queue, with the ids of their messages.
async fn letters(f: &Fixture, limit: usize) -> Vec<(DeadLetterId, String)> {
    let letters = f.storage.dead_letters_before(&f.inbound(), None, limit).await.unwrap();
    letters.into_iter().map(|(id, letter)| (id, letter.id.to_string())).collect()
}

fn back(letter: &DeadLetterId) -> Replay {
    Replay { letter: letter.clone(), owed: None, facts: None }
}

async fn replay(f: &Fixture, letters: &[DeadLetterId]) -> u64 {
    let replays: Vec<_> = letters.iter().map(back).collect();
    f.storage.replay(&f.inbound(), &replays).await.unwrap()
}

/// Completes all that is ready, and returns the ids in the order of the claims.
async fn work_off(f: &Fixture) -> Vec<String> {
    let mut worked = Vec::new();
    while let Some(claim) = f.try_claim(&f.inbound(), LONG).await {
        worked.push(claim.id.to_string());
        assert_eq!(f.complete(claim, commit()).await, Settled::Done);
        assert!(worked.len() < 50, "a message comes again: {worked:?}");
    }
    worked
}

pub(crate) async fn dead_letters_are_read_page_by_page(f: Fixture) {
    bury_all(&f, "alice", &["m1", "m2", "m3", "m4", "m5"]).await;
    let (mut before, mut found) = (None, Vec::new());
    loop {
        let queue = f.inbound();
        let page = f.storage.dead_letters_before(&queue, before.as_ref(), 2).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        assert!(page.len() <= 2);
        before = Some(last.clone());
        found.extend(page.into_iter().map(|(_, letter)| letter.id.to_string()));
    }
    assert_eq!(found, ["m5", "m4", "m3", "m2", "m1"]);
}

pub(crate) async fn dead_letters_are_read_by_their_ids(f: Fixture) {
    let ids = bury_all(&f, "alice", &["m1", "m2", "m3"]).await;
    assert_eq!(replay(&f, &ids[1..2]).await, 1);
    let wanted = [ids[2].clone(), ids[1].clone(), ids[0].clone()];
    let found = f.storage.dead_letters_of(&f.inbound(), &wanted).await.unwrap();
    let found: Vec<_> = found.iter().map(|(id, it)| (id, it.reason.as_str())).collect();
    assert_eq!(found, [(&ids[2], "reason of m3"), (&ids[0], "reason of m1")]);
    assert_eq!(f.storage.dead_letters_of(&f.outbox(), &wanted).await.unwrap(), []);
}

pub(crate) async fn replayed_letter_goes_to_the_end_of_its_mailbox(f: Fixture) {
    let ids = bury_all(&f, "alice", &["m1"]).await;
    f.push("alice", "m2").await;
    f.push("bob", "m3").await;
    let recorded = Some(facts("m1", &[EventKind::Replayed]));
    let replays = [Replay { facts: recorded, ..back(&ids[0]) }];
    assert_eq!(f.storage.replay(&f.inbound(), &replays).await.unwrap(), 1);
    let depth = f.storage.depth(&f.inbound()).await.unwrap();
    assert_eq!((depth.pending, depth.ready, depth.dead), (3, 2, 0));
    assert_eq!(f.kinds("m1").await.last(), Some(&EventKind::Replayed));
    let claim = f.claim().await;
    assert_eq!(claim.id.as_str(), "m2");
    f.complete(claim, commit()).await;
    assert_eq!(f.claim().await.id.as_str(), "m3");
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.group.as_str()), ("m1", "alice"));
    assert_eq!(claim.payload, entry("alice", "m1").payload);
}

pub(crate) async fn replayed_letters_keep_the_order_in_which_they_are_asked_for(f: Fixture) {
    let ids = bury_all(&f, "alice", &["m1", "m2", "m3", "m4"]).await;
    assert_eq!(replay(&f, &ids[..3]).await, 3);
    assert_eq!(work_off(&f).await, ["m1", "m2", "m3"]);
    assert_eq!(letters(&f, 9).await, [(ids[3].clone(), "m4".to_owned())]);
}

pub(crate) async fn replayed_letter_wakes_an_idle_mailbox(f: Fixture) {
    let ids = bury_all(&f, "alice", &["m1"]).await;
    assert!(f.nothing_is_ready().await);
    let wait = async |patience| {
        let started = Instant::now();
        f.storage.wait(&f.inbound(), patience).await.unwrap();
        started.elapsed() < patience
    };
    // The push and the burial have rung.
    while wait(Duration::from_millis(20)).await {}
    replay(&f, &ids).await;
    assert!(wait(Duration::from_secs(2)).await, "the consumer was not woken");
    assert_eq!(work_off(&f).await, ["m1"]);
}

pub(crate) async fn letter_is_replayed_once(f: Fixture) {
    let ids = bury_all(&f, "alice", &["m1", "m2"]).await;
    assert_eq!(replay(&f, &ids[..1]).await, 1);
    assert_eq!(replay(&f, &ids).await, 1, "the first is no dead letter any more");
    assert_eq!(replay(&f, &[ids[0].clone(), ids[0].clone()]).await, 0);
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 2);
    assert_eq!(work_off(&f).await, ["m1", "m2"]);
}

pub(crate) async fn letter_that_was_buried_again_is_another_one(f: Fixture) {
    let old = bury_all(&f, "alice", &["m1"]).await;
    replay(&f, &old).await;
    let claim = f.claim().await;
    // Letters of one millisecond could be told apart by nothing.
    tokio::time::sleep(Duration::from_millis(2)).await;
    f.bury(claim, burial("again")).await;
    assert_eq!(replay(&f, &old).await, 0);
    assert_eq!(f.storage.dead_letters_of(&f.inbound(), &old).await.unwrap(), []);
    let (new, _) = letters(&f, 1).await.remove(0);
    assert_eq!(replay(&f, &[new]).await, 1);
}

pub(crate) async fn replayed_letter_begins_with_no_attempt_and_no_failure(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    f.retry(claim, Retry { failed: true, note: Some("n".to_owned()), ..retry() }).await;
    f.crash(f.claim().await).await;
    f.crash(f.claim().await).await;
    let claim = f.claim().await;
    assert!(claim.is_suspect());
    f.bury(claim, burial("poison")).await;
    let ids: Vec<_> = letters(&f, 9).await.into_iter().map(|(id, _)| id).collect();
    replay(&f, &ids).await;
    let claim = f.claim().await;
    assert_eq!((claim.attempt, claim.failures, claim.isolated), (1, 0, 0));
    assert_eq!((claim.note, claim.outcome_unknown_since), (None, None));
}

/// Handles `m1` with these replies, and buries the first.
async fn bury_a_reply(f: &Fixture, replies: &[&str]) -> DeadLetterId {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let outbox = replies.iter().map(|id| entry(id, id)).collect();
    let handled = Some(facts("m1", &[EventKind::Handled]));
    f.complete(claim, Commit { outbox, facts: handled, ..commit() }).await;
    let claim = f.claim_outbox().await;
    let (settles, facts) = (Some(MessageId::new("m1")), Some(facts("m1", &[EventKind::Buried])));
    f.bury(claim, Burial { settles, facts, ..burial("no such number") }).await;
    let letters = f.storage.dead_letters_before(&f.outbox(), None, 1).await.unwrap();
    letters.into_iter().next().expect("it was buried").0
}

async fn settle_a_reply(f: &Fixture) {
    let facts = Some(facts("m1", &[EventKind::Sent]));
    let settles = Some(MessageId::new("m1"));
    let claim = f.claim_outbox().await;
    f.complete(claim, Commit { settles, facts, ..commit() }).await;
}

pub(crate) async fn replayed_reply_is_waited_for_again(f: Fixture) {
    let letter = bury_a_reply(&f, &["o1", "o2", "o3"]).await;
    let owed = Some(MessageId::new("m1"));
    let again = Replay { owed, ..back(&letter) };
    // Whatever is asked for twice is waited for once.
    for moved in [1, 0] {
        let replayed = f.storage.replay(&f.outbox(), slice::from_ref(&again)).await.unwrap();
        assert_eq!(replayed, moved);
    }
    for _ in 0..3 {
        assert!(!f.kinds("m1").await.contains(&EventKind::Recorded));
        settle_a_reply(&f).await;
    }
    assert_eq!(f.kinds("m1").await.last(), Some(&EventKind::Recorded));
}

pub(crate) async fn discarded_letter_is_gone_and_recorded(f: Fixture) {
    let ids = bury_all(&f, "alice", &["m1", "m2", "m3"]).await;
    let discarded = |id: &str| Some(facts(id, &[EventKind::Discarded]));
    let both: [(DeadLetterId, Option<Facts>); 2] =
        [(ids[0].clone(), discarded("m1")), (ids[2].clone(), discarded("m3"))];
    assert_eq!(f.storage.discard(&f.inbound(), &both).await.unwrap(), 2);
    assert_eq!(f.storage.discard(&f.inbound(), &both).await.unwrap(), 0);
    assert_eq!(letters(&f, 9).await, [(ids[1].clone(), "m2".to_owned())]);
    for (id, times) in [("m1", 1), ("m2", 0), ("m3", 1)] {
        let kinds = f.kinds(id).await;
        assert_eq!(kinds.iter().filter(|it| **it == EventKind::Discarded).count(), times);
    }
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 0);
    assert_eq!(work_off(&f).await, Vec::<String>::new());
}

pub(crate) async fn letter_of_another_store_is_refused_and_nothing_is_moved(f: Fixture) {
    let ids = bury_all(&f, "alice", &["m1"]).await;
    let foreign = DeadLetterId::new("first");
    let replays = [back(&ids[0]), back(&foreign)];
    let refused = f.storage.replay(&f.inbound(), &replays).await;
    assert!(matches!(refused, Err(StorageError::Corrupt(_))), "{refused:?}");
    let refused = f.storage.discard(&f.inbound(), &[(foreign, None)]).await;
    assert!(matches!(refused, Err(StorageError::Corrupt(_))), "{refused:?}");
    assert_eq!(letters(&f, 9).await.len(), 1);
}
