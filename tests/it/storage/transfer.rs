//! Transfer of all data between stores: every kind of record arrives, and both stores then go on alike.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use crosswire::contracts::storage::transfer::{Record, Transfer};
use crosswire::contracts::storage::{
    Burial, Commit, FeedLimits, Pause, PauseScope, Pushed, Retry, Storage,
};
use crosswire::model::event::EventKind;
use crosswire::model::message::MessageId;
use crosswire::model::state::Write;
use crosswire::model::topic::TopicName;
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::stores::sqlite::Sqlite;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::contract::reports::named;
use super::fixture::{
    Fixture, LONG, burial, claim_request, commit, entry, facts, group, into_claim, now, retry, wake,
};
use super::on_sqlite::open;
use crate::support::redis::RedisServer;

async fn redis(server: &RedisServer) -> Arc<Redis> {
    let url = SecretString::from(server.url());
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    Arc::new(Redis::connect(settings).await.unwrap())
}

/// Returns all records of a store.
async fn records(store: &dyn Transfer) -> Vec<Record> {
    let (sender, mut receiver) = mpsc::channel(1);
    let receive = async {
        let mut all = Vec::new();
        while let Some(batch) = receiver.recv().await {
            all.extend(batch);
        }
        all
    };
    let (exported, all) = tokio::join!(store.export(sender), receive);
    exported.unwrap();
    all
}

/// Returns the digests of the records by kind, in an order of their own.
fn digests(records: &[Record]) -> BTreeMap<&'static str, Vec<u128>> {
    let mut digests: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for record in records {
        digests.entry(Record::KINDS[record.kind()]).or_default().push(record.digest());
    }
    for digests in digests.values_mut() {
        digests.sort_unstable();
    }
    digests
}

/// Copies a store, in batches that split whatever can be split.
async fn copy(from: &dyn Transfer, to: &dyn Transfer) {
    for batch in records(from).await.chunks(3) {
        to.import(batch.to_vec()).await.unwrap();
    }
}

/// Fills a topic with something of every kind.
async fn fill(f: &Fixture) {
    let (storage, partition) = (&f.storage, &f.partition);
    let topic = &partition.topic;
    storage.remember_partitions(topic, 1).await.unwrap();
    for (group, id) in [("alice", "m1"), ("alice", "m2"), ("bob", "m3"), ("carol", "m4")] {
        f.push(group, id).await;
    }
    let put =
        |key: &str| Write::Put { key: key.to_owned(), value: "\"v|🙂\"".to_owned(), ttl: LONG };
    let insert =
        |name: &str| Write::Insert { pool: "p1".to_owned(), group: group(name), ttl: LONG };
    let handled = Commit {
        writes: vec![
            put("k1"),
            put("alice"),
            insert("zoe"),
            insert("adam"),
            Write::Count { name: "c1".to_owned(), by: 7, ttl: LONG },
        ],
        outbox: vec![entry("aa11.xenia", "o1"), entry("aa12.yuri", "o2"), entry("zed", "o3")],
        wakes: vec![(entry("@lobby", "due"), Some(now() + TimeDelta::hours(1)))],
        facts: Some(facts("m1", &[EventKind::Handled])),
        ..commit()
    };
    f.complete(f.claim().await, handled).await;
    // Bob's fails and is delayed, carol's is buried, and one reply is sent.
    f.retry(f.claim().await, Retry { after: LONG, failed: true, ..retry() }).await;
    f.bury(
        f.claim().await,
        Burial { facts: Some(facts("m4", &[EventKind::Buried])), ..burial("no") },
    )
    .await;
    let sent = Commit {
        settles: Some(MessageId::new("m1")),
        provider_id: Some("SM1".to_owned()),
        facts: Some(facts("m1", &[EventKind::Sent])),
        ..commit()
    };
    f.complete(f.claim_outbox().await, sent).await;
    // A reply stays with a note, and its outcome is unknown.
    let claim = f.claim_outbox().await;
    let note = Some("a note".to_owned());
    f.retry(claim, Retry { outcome_unknown: true, note, ..retry() }).await;
    // Dave's kills its workers.
    f.push("dave", "m5").await;
    let alice = f.claim().await;
    for _ in 0..2 {
        let dave = f.claim().await;
        assert_eq!(dave.id.as_str(), "m5");
        f.crash(dave).await;
    }
    f.release(alice).await;
    let reason = "by an operator | for lunch".to_owned();
    let scope = PauseScope { transport: "twilio".to_owned(), line: None, by_operator: true };
    storage.pause(topic, &Pause { scope, remaining: LONG, code: 0, reason }).await.unwrap();
    let feed = format!("news:{topic}");
    for line in ["one", "two"] {
        storage.publish(&feed, line, FeedLimits::lines(9)).await.unwrap();
    }
    storage.schedule(partition, wake("@lobby", "later", 1), now() + LONG).await.unwrap();
}

/// Returns a topic of the same name on another store.
fn same_topic(f: &Fixture, storage: Arc<dyn Storage>) -> Fixture {
    Fixture { storage, partition: f.partition.clone() }
}

/// Checks that a copy goes on as the original would.
async fn goes_on(f: &Fixture) {
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate, "accepted ids are known");
    assert_eq!(f.value("k1").await.as_deref(), Some("\"v|🙂\""));
    assert_eq!(f.total("c1").await, 7);
    let members: Vec<String> =
        f.members("p1").await.into_iter().map(|it| it.group.as_str().to_owned()).collect();
    assert_eq!(members, ["zoe", "adam"]);
    let topic: &TopicName = &f.partition.topic;
    assert_eq!(f.storage.known_partitions(topic).await.unwrap(), Some(1));
    let ids = ["SM1".to_owned(), "SM2".to_owned()];
    assert_eq!(f.storage.known_sent(&f.partition, &ids).await.unwrap(), [true, false]);
    f.storage.record(&f.partition, named("o1", "SM1", &[])).await.unwrap();
    let known = f.storage.provider_id(&f.partition, &MessageId::new("o1")).await.unwrap();
    assert_eq!(known, None, "it is known to be sent");
    let pauses = f.storage.pauses(topic).await.unwrap();
    assert!(pauses[0].remaining > LONG / 2 && pauses[0].reason.ends_with("| for lunch"));
    let lines = f.storage.follow(&format!("news:{topic}"), None, Duration::ZERO).await.unwrap();
    assert_eq!(lines.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(f.dead_letters(&f.inbound()).await[0].reason, "no");
    assert_eq!(f.kinds("m1").await.last(), Some(&EventKind::Sent));
    let depth = f.storage.depth(&f.inbound()).await.unwrap();
    assert_eq!((depth.pending, depth.delayed, depth.suspect, depth.leased), (3, 1, 1, 0));
    assert_eq!((depth.ready, depth.scheduled, depth.dead), (1, 2, 1));
    // The suspect comes first and alone; then alice's second message.
    let suspect = f.claim().await;
    assert_eq!((suspect.id.as_str(), suspect.is_suspect(), suspect.attempt), ("m5", true, 3));
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.group.as_str()), ("m2", "alice"));
    f.push("alice", "m6").await;
    f.complete(claim, commit()).await;
    assert_eq!(f.claim().await.id.as_str(), "m6");
    // Replies: the one with the note is among them, and the last settles the debt.
    let mut notes = 0;
    for _ in 0..2 {
        let claimed = f.storage.claim(&f.outbox(), &claim_request(LONG)).await.unwrap();
        let claim = into_claim(claimed).expect("a reply is ready on every line");
        if claim.note.as_deref() == Some("a note") {
            assert!(claim.outcome_unknown_since.is_some());
            notes += 1;
        }
        assert!(!f.kinds("m1").await.contains(&EventKind::Recorded));
        let (settles, facts) = (Some(MessageId::new("m1")), facts("m1", &[EventKind::Sent]));
        f.complete(claim, Commit { settles, facts: Some(facts), ..commit() }).await;
    }
    assert_eq!(notes, 1);
    assert!(f.kinds("m1").await.contains(&EventKind::Recorded));
}

fn sqlite(directory: &tempfile::TempDir) -> Arc<Sqlite> {
    Arc::new(open(directory.path()).unwrap())
}

#[tokio::test]
async fn data_of_redis_goes_on_in_sqlite_and_comes_back() {
    let (server, other) = (RedisServer::volatile(), RedisServer::volatile());
    let directory = tempfile::tempdir().unwrap();
    let source = redis(&server).await;
    let f = Fixture::new(Arc::clone(&source) as Arc<dyn Storage>);
    fill(&f).await;
    let original = records(source.as_ref()).await;
    let kinds = digests(&original);
    assert_eq!(kinds.len(), Record::KINDS.len(), "there is a record of every kind: {kinds:?}");
    let (file, back) = (sqlite(&directory), redis(&other).await);
    copy(source.as_ref(), file.as_ref()).await;
    assert_eq!(digests(&records(file.as_ref()).await), kinds);
    copy(file.as_ref(), back.as_ref()).await;
    assert_eq!(digests(&records(back.as_ref()).await), kinds);
    goes_on(&same_topic(&f, file)).await;
    goes_on(&same_topic(&f, back)).await;
}

#[tokio::test]
async fn data_of_sqlite_goes_on_in_redis_and_comes_back() {
    let server = RedisServer::volatile();
    let (directory, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = sqlite(&directory);
    let f = Fixture::new(Arc::clone(&source) as Arc<dyn Storage>);
    fill(&f).await;
    let kinds = digests(&records(source.as_ref()).await);
    assert_eq!(kinds.len(), Record::KINDS.len(), "there is a record of every kind: {kinds:?}");
    let (target, back) = (redis(&server).await, sqlite(&other));
    copy(source.as_ref(), target.as_ref()).await;
    assert_eq!(digests(&records(target.as_ref()).await), kinds);
    copy(target.as_ref(), back.as_ref()).await;
    assert_eq!(digests(&records(back.as_ref()).await), kinds);
    goes_on(&same_topic(&f, target)).await;
    goes_on(&same_topic(&f, back)).await;
}

#[tokio::test]
async fn claims_of_a_process_that_has_ended_are_ready_in_the_copy() {
    let server = RedisServer::volatile();
    let directory = tempfile::tempdir().unwrap();
    let source = redis(&server).await;
    let f = Fixture::new(Arc::clone(&source) as Arc<dyn Storage>);
    f.push("alice", "m1").await;
    f.complete(f.claim().await, Commit { outbox: vec![entry("aa11.bob", "o1")], ..commit() }).await;
    f.push("alice", "m2").await;
    let (_inbound, _outbound) = (f.claim().await, f.claim_outbox().await);
    let file = sqlite(&directory);
    copy(source.as_ref(), file.as_ref()).await;
    assert_eq!(digests(&records(file.as_ref()).await), digests(&records(source.as_ref()).await));
    let copied = same_topic(&f, file);
    let claim = copied.claim().await;
    assert_eq!((claim.id.as_str(), claim.attempt), ("m2", 2), "the claim counts as lost");
    let claim = copied.claim_outbox().await;
    assert!(claim.outcome_unknown_since.is_some(), "it may have been sent");
}
