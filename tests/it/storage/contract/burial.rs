//! Burial: a message moves to the dead letters and its group continues.

use crosswire::contracts::storage::{Burial, Settled};
use crosswire::model::event::EventKind;
use crosswire::model::state::Write;

use crate::storage::fixture::{Fixture, LONG, burial, commit, entry, facts};

pub(crate) async fn burial_frees_the_group_and_queues_a_notice(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    let notified = Burial {
        outbox: vec![entry("alice", "o1")],
        facts: Some(facts("m1", &[EventKind::Buried])),
        ..burial("it failed five times")
    };
    assert_eq!(f.bury(claim, notified).await, Settled::Done);
    assert_eq!(f.claim().await.id.as_str(), "m2");
    assert_eq!(f.claim_outbox().await.id.as_str(), "o1");
    assert_eq!(f.kinds("m1").await.last(), Some(&EventKind::Buried));
}

pub(crate) async fn dead_letters_are_listed_newest_first(f: Fixture) {
    for id in ["m1", "m2", "m3"] {
        f.push("alice", id).await;
        let claim = f.claim().await;
        f.bury(claim, burial(&format!("reason of {id}"))).await;
    }
    let dead = f.dead_letters(&f.inbound()).await;
    let listed: Vec<_> = dead.iter().map(|d| (d.id.as_str(), d.reason.as_str())).collect();
    assert_eq!(listed, [("m3", "reason of m3"), ("m2", "reason of m2"), ("m1", "reason of m1")]);
    assert_eq!(dead[0].payload, entry("alice", "m3").payload);
    assert_eq!(dead[0].group.as_str(), "alice");
    assert!(dead[0].at >= dead[1].at);
    assert_eq!(f.dead_letters(&f.outbox()).await, []);
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().dead, 3);
}

pub(crate) async fn buried_message_is_not_claimed_again_and_the_last_empties_its_group(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    f.bury(claim, burial("poison")).await;
    assert!(f.try_claim(&f.inbound(), LONG).await.is_none());
    let depth = f.storage.depth(&f.inbound()).await.unwrap();
    assert_eq!((depth.pending, depth.ready, depth.leased), (0, 0, 0));
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.attempt), ("m2", 1));
    f.complete(claim, commit()).await;
}

pub(crate) async fn burial_writes_with_the_move(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let count = Write::Count { name: "lost".to_owned(), by: 3, ttl: LONG };
    let put = Write::Put { key: "why".to_owned(), value: "\"poison\"".to_owned(), ttl: LONG };
    let writes = vec![count, put];
    let notified = Burial { writes, outbox: vec![entry("alice", "o1")], ..burial("poison") };
    assert_eq!(f.bury(claim, notified).await, Settled::Done);
    let partition = f.inbound().partition;
    assert_eq!(f.storage.total(&partition, "lost").await.unwrap(), 3);
    let values = f.storage.values(&partition, &["why".to_owned()]).await.unwrap();
    assert_eq!(values, [Some("\"poison\"".to_owned())]);
    assert_eq!(f.claim_outbox().await.id.as_str(), "o1");
}
