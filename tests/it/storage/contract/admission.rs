//! Admission of a push: marks, rates, writes, and messages that are sent once.

use std::time::{Duration, Instant};

use crosswire::contracts::storage::{
    Commit, Once, Push, Pushed, RecipientLimit, SenderRate, Settled,
};
use crosswire::model::event::EventKind;
use crosswire::model::message::MessageId;
use crosswire::model::state::Write;

use crate::storage::fixture::{Fixture, LONG, commit, copy, entry, group, push};

fn put(key: &str) -> Write {
    Write::Put { key: key.to_owned(), value: "v".to_owned(), ttl: LONG }
}

fn marked(id: &str, marks: &[&str]) -> Push {
    let marks = marks.iter().map(|mark| (*mark).to_owned()).collect();
    Push { marks, outbox: vec![entry("alice", "o1")], ..push(entry("alice", id)) }
}

async fn write(f: &Fixture, id: &str, writes: Vec<Write>) {
    let written = f.push_with(Push { writes, ..push(entry("operator", id)) }).await;
    assert_eq!(written, Pushed::Accepted);
    f.complete(f.claim().await, commit()).await;
}

async fn reason(f: &Fixture, id: &str) -> String {
    let id = MessageId::new(id);
    let events = f.storage.events(&f.partition, Some(&id)).await.unwrap();
    events.last().and_then(|event| event.detail.reason.clone()).unwrap_or_default()
}

pub(crate) async fn marked_message_is_dropped_and_recorded(f: Fixture) {
    assert_eq!(f.push_with(marked("m1", &["k1", "k2"])).await, Pushed::Accepted);
    f.complete(f.claim().await, commit()).await;
    f.complete(f.claim_outbox().await, commit()).await;
    write(&f, "w1", vec![put("k2")]).await;
    assert_eq!(f.push_with(marked("m2", &["k1", "k2"])).await, Pushed::Barred);
    assert_eq!(f.push_with(marked("m3", &["k1"])).await, Pushed::Accepted);
    assert_eq!(f.kinds("m2").await, [EventKind::Dropped]);
    assert!(reason(&f, "m2").await.contains("opted out"));
    assert_eq!(f.claim().await.id.as_str(), "m3");
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 1);
    write(&f, "w2", vec![Write::Remove { key: "k2".to_owned() }]).await;
    let again = f.push_with(Push { outbox: Vec::new(), ..marked("m2", &["k1", "k2"]) }).await;
    assert_eq!(again, Pushed::Duplicate, "it was dropped for good");
}

pub(crate) async fn duplicate_of_a_marked_sender_is_no_reason_for_an_answer(f: Fixture) {
    assert_eq!(f.push_with(marked("m1", &["k1"])).await, Pushed::Accepted);
    f.complete(f.claim().await, commit()).await;
    write(&f, "w1", vec![put("k1")]).await;
    let before = f.snapshot().await;
    assert_eq!(f.push_with(marked("m1", &["k1"])).await, Pushed::Barred);
    assert_eq!(f.snapshot().await, before);
}

pub(crate) async fn writes_take_effect_with_the_push(f: Fixture) {
    let writing = |id: &str, key: &str| Push {
        writes: vec![put(key)],
        max_depth: 3,
        max_group_depth: 2,
        ..push(entry("alice", id))
    };
    assert_eq!(f.push_with(writing("m1", "k1")).await, Pushed::Accepted);
    assert_eq!(f.value("k1").await.as_deref(), Some("v"));
    assert_eq!(f.push_with(writing("m1", "k3")).await, Pushed::Duplicate);
    f.push("alice", "m2").await;
    assert_eq!(f.push_with(writing("m3", "k2")).await, Pushed::GroupFull);
    assert_eq!(f.value("k2").await.as_deref(), Some("v"), "the mailbox is full, the store is not");
    f.push("bob", "m4").await;
    assert_eq!(f.push_with(writing("m5", "k3")).await, Pushed::Full);
    assert_eq!(f.value("k3").await, None);
}

fn rated(group: &str, id: &str, burst: u32, interval: Duration) -> Push {
    let notice = entry(group, &format!("notice of {group} for {id}"));
    let notice = Once { key: format!("noticed:{group}"), every: LONG, entry: notice };
    let (bucket, notice) = (format!("bucket:{group}"), Some(notice));
    let rate = Some(SenderRate { bucket, interval, burst, notice });
    Push { rate, outbox: vec![entry("xenia", id)], ..push(entry(group, id)) }
}

pub(crate) async fn sender_beyond_the_rate_is_dropped_and_told_once(f: Fixture) {
    for id in ["m1", "m2", "m3"] {
        assert_eq!(f.push_with(rated("alice", id, 3, LONG)).await, Pushed::Accepted, "{id}");
    }
    for id in ["m4", "m5"] {
        assert_eq!(f.push_with(rated("alice", id, 3, LONG)).await, Pushed::Limited, "{id}");
    }
    assert_eq!(f.kinds("m4").await, [EventKind::Dropped]);
    assert!(reason(&f, "m4").await.contains("sender_rate"));
    assert_eq!(f.kinds("m5").await, [], "one a minute is recorded");
    for id in ["m1", "m4"] {
        assert_eq!(f.push_with(rated("alice", id, 3, LONG)).await, Pushed::Duplicate);
    }
    assert_eq!(f.push_with(rated("bob", "m6", 3, LONG)).await, Pushed::Accepted);
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 4);
    let mut sent = Vec::new();
    while let Some(claim) = f.try_claim(&f.outbox(), LONG).await {
        sent.push(claim.id.to_string());
        f.complete(claim, commit()).await;
    }
    sent.sort_unstable();
    assert_eq!(sent, ["m1", "m2", "m3", "m6", "notice of alice for m4"]);
}

pub(crate) async fn bucket_of_a_sender_fills_again(f: Fixture) {
    let interval = Duration::from_millis(50);
    let rated = |id: &str| Push { outbox: Vec::new(), ..rated("alice", id, 1, interval) };
    assert_eq!(f.push_with(rated("m1")).await, Pushed::Accepted);
    let start = Instant::now();
    let mut number = 2;
    while f.push_with(rated(&format!("m{number}"))).await == Pushed::Limited {
        assert!(start.elapsed() < Duration::from_secs(10), "the bucket stays empty");
        number += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(f.push_with(rated(&format!("m{number}"))).await, Pushed::Duplicate);
}

pub(crate) async fn bucket_of_another_rate_mutes_no_sender(f: Fixture) {
    let rated = |id: &str, burst, interval| Push {
        outbox: Vec::new(),
        ..rated("alice", id, burst, interval)
    };
    for id in ["m1", "m2", "m3"] {
        assert_eq!(f.push_with(rated(id, 3, LONG)).await, Pushed::Accepted, "{id}");
    }
    let quick = Duration::from_millis(50);
    let start = Instant::now();
    let mut number = 4;
    while f.push_with(rated(&format!("m{number}"), 1, quick)).await == Pushed::Limited {
        assert!(start.elapsed() < Duration::from_secs(10), "the sender is muted for hours");
        number += 1;
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn message_that_is_not_queued_is_known_and_recorded(f: Fixture) {
    let unqueued = |id: &str| Push {
        is_queued: false,
        max_depth: 0,
        once: Some(Once { key: "k1".to_owned(), every: LONG, entry: entry("alice", id) }),
        ..push(entry("alice", id))
    };
    assert_eq!(f.push_with(unqueued("m1")).await, Pushed::Accepted);
    assert_eq!(f.push_with(unqueued("m1")).await, Pushed::Duplicate);
    assert_eq!(f.push_with(unqueued("m2")).await, Pushed::Accepted);
    assert!(f.nothing_is_ready().await);
    assert_eq!(f.kinds("m1").await, [EventKind::Received, EventKind::Queued]);
    assert_eq!(f.claim_outbox().await.id.as_str(), "m1");
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 1, "once for both");
}

pub(crate) async fn crowded_partition_keeps_room_for_newcomers(f: Fixture) {
    let crowding = |group: &str, id: String| Push {
        max_depth: 8,
        max_crowded_depth: 2,
        ..push(entry(group, &id))
    };
    let mut flood = Vec::new();
    for number in 0..8 {
        flood.push(f.push_with(crowding("flooder", format!("f{number}"))).await);
    }
    let (accepted, dropped) = (Pushed::Accepted, Pushed::GroupFull);
    let expected = [accepted, accepted, accepted, accepted, accepted, accepted, dropped, dropped];
    assert_eq!(flood, expected);
    assert_eq!(f.push_with(crowding("newcomer", "n1".to_owned())).await, Pushed::Accepted);
    assert_eq!(f.push_with(crowding("newcomer", "n2".to_owned())).await, Pushed::Accepted);
    assert_eq!(f.push_with(crowding("other", "n3".to_owned())).await, Pushed::Full);
}

pub(crate) async fn commit_for_a_congested_recipient_waits(f: Fixture) {
    let limited = |to: &str, outbox: &[(&str, &str)]| Commit {
        writes: vec![put("k1")],
        outbox: outbox.iter().map(|(to, id)| entry(to, id)).collect(),
        recipient: Some(RecipientLimit { group: group(to), max_depth: 2 }),
        ..commit()
    };
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    f.push("carol", "m3").await;
    let full = limited("xenia", &[("xenia", "o1"), ("xenia", "o2")]);
    assert_eq!(f.complete(f.claim().await, full).await, Settled::Done);
    let others = limited("yuri", &[("xenia", "o5")]);
    let claim = f.claim().await;
    assert_eq!(f.complete(f.claim().await, others).await, Settled::Done, "xenia alone is full");
    let (first, before) = (copy(&claim), f.snapshot().await);
    let more = limited("xenia", &[("yuri", "o3"), ("xenia", "o4")]);
    let Settled::Congested(claim) = f.complete(claim, more.clone()).await else {
        panic!("the recipient has room")
    };
    assert_eq!(*claim, first, "the claim is still held");
    assert_eq!(f.snapshot().await, before);
    for _ in 0..2 {
        f.complete(f.claim_outbox().await, commit()).await;
    }
    assert_eq!(f.complete(*claim, more).await, Settled::Done);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 3);
}
