//! What can be asked of Redis alone: its keys changed by hand, its scripts forgotten, its memory.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use crosswire::contracts::storage::{Audit, Commit, Retry, Settled};
use crosswire::model::event::EventKind;
use crosswire::model::message::MessageId;
use crosswire::model::state::Write;
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, cmd};

use super::fixture::{ENOUGH, Fixture, LONG, ask, burial, commit, entry, facts, group, now, retry};
use super::on_redis::on_redis;
use crate::support::redis::RedisServer;

/// A way to the server past the storage.
pub(super) struct Hands {
    redis: MultiplexedConnection,
    tag: String,
}

impl Hands {
    async fn on(server: &RedisServer, f: &Fixture) -> Self {
        Self { redis: server.connection().await, tag: format!("{{{}}}", f.partition) }
    }

    /// Sends `words`, the second of which is a key of the partition.
    async fn touch<T: FromRedisValue>(&mut self, words: &[&str]) -> T {
        let mut command = cmd(words[0]);
        command.arg(format!("{}{}", self.tag, words[1]));
        command.arg(&words[2..]);
        command.query_async(&mut self.redis).await.unwrap()
    }

    async fn forget_scripts(&mut self) {
        cmd("SCRIPT").arg("FLUSH").exec_async(&mut self.redis).await.unwrap();
    }

    /// Every key on the server that nothing bounds in time, without its tag.
    async fn lasting_keys(&mut self) -> BTreeSet<String> {
        let keys: Vec<String> = cmd("KEYS").arg("*").query_async(&mut self.redis).await.unwrap();
        let mut lasting = BTreeSet::new();
        for key in keys {
            let ttl: i64 = cmd("TTL").arg(&key).query_async(&mut self.redis).await.unwrap();
            let name = key.strip_prefix(&self.tag).expect("one partition has one hash tag");
            if ttl < 0 {
                lasting.insert(name.to_owned());
            }
        }
        lasting
    }
}

async fn audit(f: &Fixture) -> Audit {
    f.storage.audit(&f.inbound(), Duration::ZERO).await.unwrap().expect("it is time")
}

#[tokio::test]
async fn audit_repairs_an_unindexed_group() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut hands = Hands::on(&server, &f).await;
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    assert_eq!(audit(&f).await, Audit { groups: 2, mended: 0 });
    let _: u64 = hands.touch(&["ZREM", "in:ready", "alice"]).await;
    let claim = f.claim().await;
    assert_eq!(claim.id.as_str(), "m2");
    assert!(f.nothing_is_ready().await);
    // Its lease is gone, too: nobody would ever look for it again.
    let _: u64 = hands.touch(&["ZREM", "in:lease", "bob"]).await;
    past_the_gate().await;
    assert_eq!(audit(&f).await, Audit { groups: 2, mended: 2 });
    let ids = BTreeSet::from([f.claim().await.id, f.claim().await.id]);
    assert_eq!(ids, BTreeSet::from(["m1", "m2"].map(MessageId::new)));
}

#[tokio::test]
async fn audit_clears_the_seat_of_a_missing_suspect() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut hands = Hands::on(&server, &f).await;
    f.push("alice", "m1").await;
    for _ in 0..2 {
        let claim = f.claim().await;
        f.crash(claim).await;
    }
    let _: () = hands.touch(&["SET", "in:suspect:now", "nobody"]).await;
    assert!(f.nothing_is_ready().await);
    audit(&f).await;
    assert!(f.claim().await.is_suspect());
}

#[tokio::test]
async fn audit_runs_at_most_once_per_interval() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    assert!(f.storage.audit(&f.inbound(), LONG).await.unwrap().is_some());
    assert_eq!(f.storage.audit(&f.inbound(), LONG).await.unwrap(), None);
}

/// An audit that may be repeated at once may be repeated a millisecond later.
pub(super) async fn past_the_gate() {
    let start = now();
    while now() - start < TimeDelta::milliseconds(3) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn flushed_scripts_are_loaded_again() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut hands = Hands::on(&server, &f).await;
    for round in 0..2 {
        work_out(&f, Some(&mut hands), round).await;
    }
}

/// Every move there is; the server forgets its scripts before each, if hands are given.
pub(super) async fn work_out(f: &Fixture, mut hands: Option<&mut Hands>, round: u32) {
    let mut before_each = async || {
        if let Some(hands) = &mut hands {
            hands.forget_scripts().await;
        }
    };
    let id = |n: u32| format!("m{round}-{n}");
    for n in 0..4 {
        before_each().await;
        f.push(&format!("g{n}"), &id(n)).await;
    }
    before_each().await;
    let told = facts(&format!("n{round}"), &[EventKind::Rejected]);
    f.storage.record(&f.partition, told).await.unwrap();
    before_each().await;
    let claim = f.claim().await;
    before_each().await;
    assert_eq!(f.retry(claim, Retry { failed: true, ..retry() }).await, Settled::Done);
    before_each().await;
    let claim = f.claim().await;
    before_each().await;
    assert_eq!(f.release(claim).await, Settled::Done);
    before_each().await;
    let claim = f.claim().await;
    before_each().await;
    assert_eq!(f.bury(claim, burial("poison")).await, Settled::Done);
    before_each().await;
    let claim = f.claim().await;
    before_each().await;
    f.lapse(&claim).await;
    before_each().await;
    assert_eq!(f.storage.reclaim(&f.inbound()).await.unwrap(), 1);
    before_each().await;
    let claim = f.claim().await;
    before_each().await;
    let ask = ask(LONG);
    let done = f.storage.complete(claim, everything(&id(9)), Some(&ask)).await.unwrap();
    assert_eq!(done.settled, Settled::Done);
    let next = super::fixture::message(done.next.expect("one was asked for"));
    before_each().await;
    assert_eq!(f.complete(next.expect("another is ready"), commit()).await, Settled::Done);
    before_each().await;
    drain(f).await;
}

/// A commit that touches every kind of key.
fn everything(id: &str) -> Commit {
    let ttl = LONG;
    let put = |key: &str| Write::Put { key: key.to_owned(), value: "v".to_owned(), ttl };
    Commit {
        writes: vec![
            put("k1"),
            Write::Insert { pool: "p1".to_owned(), group: group("alice"), ttl },
            Write::Count { name: "c1".to_owned(), by: 1, ttl },
        ],
        outbox: vec![entry("xenia", &format!("{id}a")), entry("yuri", &format!("{id}b"))],
        wakes: vec![
            (entry("@lobby", "now"), None),
            (entry("@lobby", "due"), Some(now() - TimeDelta::hours(1))),
        ],
        provider_id: Some(format!("SM{id}")),
        facts: Some(facts(id, &[EventKind::Handled])),
        ..commit()
    }
}

/// Completes all that is left, and settles all that is owed.
async fn drain(f: &Fixture) {
    for queue in [f.inbound(), f.outbox()] {
        for _ in 0..ENOUGH {
            let Some(claim) = f.try_claim(&queue, LONG).await else { break };
            let cause = claim.id.as_str().trim_end_matches(['a', 'b']);
            let told = facts(cause, &[EventKind::Sent]);
            let settles = (queue == f.outbox()).then(|| MessageId::new(cause));
            f.complete(claim, Commit { settles, facts: Some(told), ..commit() }).await;
        }
    }
}

#[tokio::test]
async fn only_bounded_keys_last_after_all_work_is_done() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut hands = Hands::on(&server, &f).await;
    for round in 0..3 {
        work_out(&f, None, round).await;
    }
    let lasting = hands.lasting_keys().await;
    // Counts, the capped and aged lists, and 64 rings of a bell.
    let bounded = [
        "ev",
        "in:bell",
        "in:ctr",
        "in:dead",
        "out:bell",
        "out:ctr",
        "pool:p1",
        "pool_ttl:p1",
        "pools",
    ];
    assert_eq!(lasting, BTreeSet::from(bounded.map(str::to_owned)));
    for bell in ["in:bell", "out:bell"] {
        assert!(hands.touch::<u64>(&["LLEN", bell]).await <= 64);
    }
}

#[tokio::test]
async fn notification_list_holds_at_most_64_entries() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut hands = Hands::on(&server, &f).await;
    for n in 0..100 {
        f.push(&format!("g{n}"), &format!("m{n}")).await;
    }
    assert_eq!(hands.touch::<u64>(&["LLEN", "in:bell"]).await, 64);
}
