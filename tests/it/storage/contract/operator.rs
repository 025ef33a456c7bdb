//! Operator's access: changes outside of any message, and the traces of a person.

use std::time::Duration;

use crosswire::contracts::storage::{
    Change, Commit, FeedLimits, Marks, Place, QueueKind, Settled, Trace,
};
use crosswire::model::address::{Address, Identity};
use crosswire::model::event::{Detail, EventKind, Facts};
use crosswire::model::message::MessageId;
use crosswire::model::state::Write;

use crate::storage::fixture::{Fixture, LONG, burial, commit, entry, facts, group, push, wake};

const NUMBER: &str = "+14155550101";
/// Another number, which begins with the same digits.
const LONGER: &str = "+141555501012";

fn put(key: &str, value: &str) -> Write {
    Write::Put { key: key.to_owned(), value: value.to_owned(), ttl: LONG }
}

fn insert(pool: &str, name: &str) -> Write {
    Write::Insert { pool: pool.to_owned(), group: group(name), ttl: LONG }
}

fn count(name: &str) -> Write {
    Write::Count { name: name.to_owned(), by: 1, ttl: LONG }
}

fn marks() -> Marks {
    Marks { identity: Identity::new(NUMBER), groups: vec![group("0a1b2c")] }
}

async fn apply(f: &Fixture, writes: Vec<Write>) {
    let change = Change { writes, ..Change::default() };
    f.storage.apply(&f.partition, change).await.unwrap();
}

async fn traces(f: &Fixture) -> Vec<Trace> {
    f.storage.search(&f.partition, &marks()).await.unwrap()
}

async fn places(f: &Fixture) -> Vec<(Place, String)> {
    let mut places: Vec<_> =
        traces(f).await.into_iter().map(|trace| (trace.place, trace.name)).collect();
    places.sort();
    places
}

pub(crate) async fn change_of_an_operator_takes_effect_at_once(f: Fixture) {
    let writes = vec![put("k1", "one"), insert("p1", "alice"), count("c1")];
    let wakes = vec![entry("alice", "w1"), entry("alice", "w1")];
    f.storage.apply(&f.partition, Change { writes, wakes }).await.unwrap();
    assert_eq!(f.value("k1").await.as_deref(), Some("one"));
    assert_eq!((f.members("p1").await.len(), f.total("c1").await), (1, 1));
    let claim = f.claim().await;
    assert_eq!(claim.id, MessageId::new("w1"));
    assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    assert!(f.nothing_is_ready().await, "an equal wake is coalesced");
    let take = Write::Take { pool: "p1".to_owned(), group: group("alice") };
    apply(&f, vec![Write::Remove { key: "k1".to_owned() }, take]).await;
    assert_eq!((f.value("k1").await, f.members("p1").await), (None, vec![]));
}

/// Puts the person and another one into every place of the partition.
async fn fill(f: &Fixture) {
    for (own, number) in [("0a1b2c", NUMBER), ("ffff", LONGER)] {
        let text = format!("{{\"identity\":\"{number}\"}}");
        apply(
            f,
            vec![
                put(&format!("{own}.name"), "1"),
                put(&format!("value-of-{}", own.replace("0a1b2c", "one")), &text),
                insert("pool", own),
                insert(&format!("pool-{own}"), "alice"),
                count(&format!("count-{own}")),
            ],
        )
        .await;
        f.push(own, &format!("dead-{own}")).await;
        let claim = f.claim().await;
        f.bury(claim, burial("broken")).await;
        f.push("writer", &format!("reply-{own}")).await;
        let mut payload = entry("someone", "o1");
        payload.payload = text;
        let outbox = vec![entry(&format!("ab12.{own}"), "o2"), payload];
        let claim = f.claim().await;
        assert_eq!(f.complete(claim, Commit { outbox, ..commit() }).await, Settled::Done);
        let due = crate::storage::fixture::now() + LONG;
        f.storage.schedule(&f.partition, wake(own, "later", 1), due).await.unwrap();
        let detail = Detail { address: Some(Address::new("t", number, "+1")), ..Detail::default() };
        let facts = Facts { detail, ..facts(&format!("event-{own}"), &[EventKind::Received]) };
        f.storage.record(&f.partition, facts).await.unwrap();
    }
    for own in ["0a1b2c", "ffff"] {
        f.push(own, &format!("first-{own}")).await;
        f.push(own, &format!("second-{own}")).await;
    }
}

pub(crate) async fn search_finds_a_person_in_every_place_and_no_other(f: Fixture) {
    fill(&f).await;
    let mut expected = [
        (Place::State, "0a1b2c.name"),
        (Place::State, "value-of-one"),
        (Place::Pool, "pool"),
        (Place::Pool, "pool-0a1b2c"),
        (Place::Counter, "count-0a1b2c"),
        (Place::DeadLetter(QueueKind::Inbound), "0a1b2c"),
        (Place::Message(QueueKind::Outbox), "ab12.0a1b2c"),
        (Place::Message(QueueKind::Outbox), "someone"),
        (Place::Message(QueueKind::Inbound), "0a1b2c"),
        (Place::Message(QueueKind::Inbound), "0a1b2c"),
        (Place::Wake, "0a1b2c"),
        (Place::Event, "event-0a1b2c"),
    ]
    .map(|(place, name)| (place, name.to_owned()));
    expected.sort();
    assert_eq!(places(&f).await, expected);
}

pub(crate) async fn erased_traces_are_gone_and_all_else_stays(f: Fixture) {
    fill(&f).await;
    let other = Marks { identity: Identity::new(LONGER), groups: vec![group("ffff")] };
    let kept = f.storage.search(&f.partition, &other).await.unwrap();
    assert_eq!(kept.len(), 12);
    f.storage.erase(&f.partition, &traces(&f).await).await.unwrap();
    assert_eq!(places(&f).await, []);
    assert_eq!(f.storage.search(&f.partition, &other).await.unwrap(), kept);
    let inbound = f.storage.depth(&f.inbound()).await.unwrap();
    let outbox = f.storage.depth(&f.outbox()).await.unwrap();
    assert_eq!((inbound.pending, inbound.ready, inbound.dead, inbound.scheduled), (2, 1, 1, 1));
    assert_eq!((outbox.pending, outbox.ready), (2, 2));
    for id in ["first-ffff", "second-ffff"] {
        let claim = f.claim().await;
        assert_eq!(claim.id.as_str(), id);
        f.complete(claim, commit()).await;
    }
}

pub(crate) async fn erased_message_in_hand_is_lost_to_its_worker_and_its_group_goes_on(f: Fixture) {
    for id in ["m1", "m2", "m3"] {
        let mut one = push(entry("alice", id));
        if id != "m2" {
            NUMBER.clone_into(&mut one.entry.payload);
        }
        f.push_with(one).await;
    }
    let claim = f.claim().await;
    f.storage.erase(&f.partition, &traces(&f).await).await.unwrap();
    assert_eq!(f.complete(claim, commit()).await, Settled::LeaseLost);
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.attempt), ("m2", 1));
    assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    assert!(f.nothing_is_ready().await);
    f.push("alice", "m4").await;
    assert_eq!(f.claim().await.id.as_str(), "m4");
}

pub(crate) async fn trace_that_has_changed_is_not_erased(f: Fixture) {
    apply(&f, vec![put("k1", NUMBER), put("k2", NUMBER)]).await;
    let found = traces(&f).await;
    apply(&f, vec![put("k1", "of another person")]).await;
    f.storage.erase(&f.partition, &found).await.unwrap();
    assert_eq!(f.value("k1").await.as_deref(), Some("of another person"));
    assert_eq!(f.value("k2").await, None);
}

pub(crate) async fn erased_line_of_a_feed_is_read_no_more(f: Fixture) {
    let feed = format!("feed-{}", f.partition.topic);
    for line in ["one", "two"] {
        f.storage.publish(&feed, line, FeedLimits::lines(10)).await.unwrap();
    }
    let lines = f.storage.follow(&feed, None, Duration::ZERO).await.unwrap();
    f.storage.erase_line(&feed, &lines[1].place).await.unwrap();
    f.storage.publish(&feed, "three", FeedLimits::lines(10)).await.unwrap();
    let after = f.storage.follow(&feed, Some(&lines[1].place), Duration::ZERO).await.unwrap();
    assert_eq!(after.len(), 1, "a reader behind the erased line misses none");
    let texts: Vec<String> = f
        .storage
        .follow(&feed, None, Duration::ZERO)
        .await
        .unwrap()
        .into_iter()
        .map(|line| line.text)
        .filter(|text| !text.is_empty())
        .collect();
    assert_eq!(texts, ["one", "three"]);
}
