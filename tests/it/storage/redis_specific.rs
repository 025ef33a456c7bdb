//! Tests of Redis only: keys edited directly, flushed scripts, and keys without expiry.

use std::collections::BTreeSet;
use std::pin::pin;
use std::slice;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use crosswire::contracts::storage::{
    Audit, ClaimRequest, Commit, FeedLimits, NextClaims, Pushed, Replay, Retry, Settled,
    StorageError,
};
use crosswire::model::event::EventKind;
use crosswire::model::message::MessageId;
use crosswire::model::state::Write;
use futures_util::future::join_all;
use futures_util::poll;
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, cmd};

use super::fixture::{
    Fixture, LONG, MAX_CLAIMS, burial, claim_request, commit, entry, facts, group, next_claim, now,
    push, retry, wake,
};
use super::on_redis::on_redis;
use crate::support::redis::RedisServer;

/// A connection to the server that bypasses the storage.
pub(super) struct DirectRedis {
    redis: MultiplexedConnection,
    tag: String,
}

impl DirectRedis {
    async fn connect(server: &RedisServer, f: &Fixture) -> Self {
        Self { redis: server.connection().await, tag: format!("{{{}}}", f.partition) }
    }

    /// Sends a command; the second of `words` is a key of the partition, without its hash tag.
    async fn command<T: FromRedisValue>(&mut self, words: &[&str]) -> T {
        let mut command = cmd(words[0]);
        command.arg(format!("{}{}", self.tag, words[1]));
        command.arg(&words[2..]);
        command.query_async(&mut self.redis).await.unwrap()
    }

    async fn flush_scripts(&mut self) {
        cmd("FUNCTION").arg("FLUSH").exec_async(&mut self.redis).await.unwrap();
    }

    /// Returns a number that the server reports about itself.
    async fn info(&mut self, name: &str) -> u64 {
        let info: redis::InfoDict = cmd("INFO").query_async(&mut self.redis).await.unwrap();
        info.get(name).expect("the server reports it")
    }

    async fn has_blocked_client(&mut self) -> bool {
        self.info("blocked_clients").await > 0
    }

    /// Returns every key of the server without a TTL, without its hash tag.
    async fn keys_without_ttl(&mut self) -> BTreeSet<String> {
        let keys: Vec<String> = cmd("KEYS").arg("*").query_async(&mut self.redis).await.unwrap();
        let mut lasting = BTreeSet::new();
        for key in keys {
            let ttl: i64 = cmd("TTL").arg(&key).query_async(&mut self.redis).await.unwrap();
            if ttl < 0 {
                lasting.insert(key.replace(&self.tag, ""));
            }
        }
        lasting
    }
}

async fn audit(f: &Fixture) -> Audit {
    f.storage.audit(&f.inbound(), Duration::ZERO).await.unwrap().expect("an audit is due")
}

#[tokio::test]
async fn audit_repairs_an_unindexed_group() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    assert_eq!(audit(&f).await, Audit { groups: 2, mended: 0 });
    let _: u64 = direct.command(&["ZREM", "in:ready", "alice"]).await;
    let claim = f.claim().await;
    assert_eq!(claim.id.as_str(), "m2");
    assert!(f.nothing_is_ready().await);
    // Without its lease entry, no reclaim finds the claimed group either.
    let _: u64 = direct.command(&["ZREM", "in:lease", "bob"]).await;
    wait_for_next_audit().await;
    assert_eq!(audit(&f).await, Audit { groups: 2, mended: 2 });
    let ids = BTreeSet::from([f.claim().await.id, f.claim().await.id]);
    assert_eq!(ids, BTreeSet::from(["m1", "m2"].map(MessageId::new)));
}

#[tokio::test]
async fn audit_clears_the_seat_of_a_missing_suspect() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    f.push("alice", "m1").await;
    for _ in 0..2 {
        let claim = f.claim().await;
        f.crash(claim).await;
    }
    let _: () = direct.command(&["SET", "in:suspect:now", "missing"]).await;
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

/// Waits until an audit with an interval of zero may run again: intervals are in milliseconds.
pub(super) async fn wait_for_next_audit() {
    let start = now();
    while now() - start < TimeDelta::milliseconds(3) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn flushed_scripts_are_loaded_again() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    for round in 0..2 {
        run_every_operation(&f, Some(&mut direct), round).await;
    }
}

#[tokio::test]
async fn scripts_run_on_a_server_without_functions() {
    for command in ["FCALL", "FUNCTION"] {
        let server = RedisServer::with(&["--rename-command", command, ""]);
        run_every_operation(&on_redis(&server).await, None, 0).await;
    }
}

#[tokio::test]
async fn full_server_that_has_lost_its_scripts_is_drained() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    f.push("alice", "m1").await;
    DirectRedis::connect(&server, &f).await.flush_scripts().await;
    let () = server.tell(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let refused = f.storage.push(&f.partition, push(entry("bob", "m2"))).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    assert_eq!(f.complete(f.claim().await, commit()).await, Settled::Done);
}

/// Runs every storage operation; flushes the scripts before each one if `direct` is given.
pub(super) async fn run_every_operation(
    f: &Fixture,
    mut direct: Option<&mut DirectRedis>,
    round: u32,
) {
    let mut before_each = async || {
        if let Some(direct) = &mut direct {
            direct.flush_scripts().await;
        }
    };
    let id = |n: u32| format!("m{round}-{n}");
    for n in 0..4 {
        before_each().await;
        f.push(&format!("g{n}"), &id(n)).await;
    }
    before_each().await;
    let rejected = facts(&format!("n{round}"), &[EventKind::Rejected]);
    f.storage.record(&f.partition, rejected).await.unwrap();
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
    f.expire_lease(&claim).await;
    before_each().await;
    assert_eq!(f.storage.reclaim(&f.inbound()).await.unwrap(), 1);
    before_each().await;
    let claim = f.claim().await;
    before_each().await;
    let request = claim_request(LONG);
    let done = f.storage.complete(claim, full_commit(&id(9)), &next_claim(request)).await.unwrap();
    assert_eq!(done.settled, Settled::Done);
    let next = super::fixture::into_claim(done.next);
    before_each().await;
    assert_eq!(f.complete(next.expect("another is ready"), commit()).await, Settled::Done);
    before_each().await;
    let wake = wake("@lobby", "lost", round);
    f.storage.schedule(&f.partition, wake, now() - TimeDelta::hours(1)).await.unwrap();
    before_each().await;
    f.storage.publish("news", "line", FeedLimits::lines(9).within(LONG)).await.unwrap();
    before_each().await;
    assert!(!f.storage.heads(&f.inbound(), 9).await.unwrap().is_empty());
    replay_the_last(f, &mut before_each).await;
    before_each().await;
    drain(f).await;
}

async fn replay_the_last(f: &Fixture, before_each: &mut impl AsyncFnMut()) {
    let queue = f.inbound();
    let (letter, _) = f.storage.dead_letters_before(&queue, None, 1).await.unwrap().remove(0);
    before_each().await;
    let found = f.storage.dead_letters_of(&queue, slice::from_ref(&letter)).await.unwrap();
    assert_eq!(found.len(), 1);
    before_each().await;
    let replay = Replay { letter, owed: None, facts: None };
    assert_eq!(f.storage.replay(&queue, &[replay]).await.unwrap(), 1);
}

/// Returns a commit that writes every kind of key.
fn full_commit(id: &str) -> Commit {
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

/// Completes every message of both queues, and settles the replies.
async fn drain(f: &Fixture) {
    for queue in [f.inbound(), f.outbox()] {
        for _ in 0..MAX_CLAIMS {
            let Some(claim) = f.try_claim(&queue, LONG).await else { break };
            let cause = claim.id.as_str().trim_end_matches(['a', 'b']);
            let facts = facts(cause, &[EventKind::Sent]);
            let settles = (queue == f.outbox()).then(|| MessageId::new(cause));
            f.complete(claim, Commit { settles, facts: Some(facts), ..commit() }).await;
        }
    }
}

#[tokio::test]
async fn only_bounded_keys_last_after_all_work_is_done() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    for round in 0..3 {
        run_every_operation(&f, None, round).await;
    }
    let lasting = direct.keys_without_ttl().await;
    // Counters, and lists with a cap or a retention. The last claims have emptied the doorbells.
    let bounded = ["ctr", "ev", "in:dead", "pool:p1", "pool_ttl:p1", "pools"];
    assert_eq!(lasting, BTreeSet::from(bounded.map(str::to_owned)));
}

#[tokio::test]
async fn notification_list_holds_at_most_64_entries() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    for n in 0..100 {
        f.push(&format!("g{n}"), &format!("m{n}")).await;
    }
    assert_eq!(direct.command::<u64>(&["LLEN", "in:bell"]).await, 64);
}

#[tokio::test]
async fn schedule_rings_the_doorbell() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    f.storage.schedule(&f.partition, wake("@lobby", "lost", 1), now()).await.unwrap();
    assert_eq!(direct.command::<u64>(&["LLEN", "in:bell"]).await, 1);
}

#[tokio::test]
async fn completion_rings_for_what_nobody_has_claimed() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    let mut complete = async |max, outbox: &[&str]| {
        f.push("alice", &format!("m{}", outbox[0])).await;
        let outbox = outbox.iter().map(|id| entry(id, id)).collect();
        let owed = ClaimRequest { max, reclaim: false, ..claim_request(LONG) };
        let claims = NextClaims { next: None, owed: Some(owed) };
        let done = Commit { outbox, ..commit() };
        let completed = f.storage.complete(f.claim().await, done, &claims).await.unwrap();
        let claimed: Vec<_> = completed.owed.claims.into_iter().map(|claim| claim.id).collect();
        let rings: u64 = direct.command(&["LLEN", "out:bell"]).await;
        let _: u64 = direct.command(&["DEL", "out:bell"]).await;
        (claimed.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>(), rings)
    };
    assert_eq!(complete(2, &["o1", "o2"]).await, (vec!["o1".to_owned(), "o2".to_owned()], 0));
    assert_eq!(complete(1, &["o3", "o4"]).await, (vec!["o3".to_owned()], 1));
    // Whoever heard the ring for the older one may have no free slot by now.
    assert_eq!(complete(1, &["o5"]).await, (vec!["o4".to_owned()], 1));
}

#[tokio::test]
async fn move_that_fails_fails_alone() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    let _: () = direct.command(&["SET", "in:g:bob", "edited by hand"]).await;
    let messages = [("alice", "m1"), ("bob", "m2"), ("carol", "m3")];
    let calls = messages.map(|(group, id)| f.storage.push(&f.partition, push(entry(group, id))));
    let pushed: Vec<_> = join_all(calls).await.into_iter().map(Result::ok).collect();
    assert_eq!(pushed, [Some(Pushed::Accepted), None, Some(Pushed::Accepted)]);
    assert_eq!(
        (f.claim().await.id, f.claim().await.id),
        (MessageId::new("m1"), MessageId::new("m3"))
    );
}

#[tokio::test]
async fn completion_is_whole_when_its_claims_fail() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let _: () = direct.command(&["SET", "in:g:bob", "edited by hand"]).await;
    let _: u64 = direct.command(&["ZADD", "in:ready", "0", "bob"]).await;
    let done = Commit { outbox: vec![entry("xenia", "o1")], ..commit() };
    let completed = f.storage.complete(claim, done, &next_claim(claim_request(LONG))).await;
    assert!(completed.is_err(), "{completed:?}");
    let inbound = f.storage.depth(&f.inbound()).await.unwrap();
    assert_eq!((inbound.pending, inbound.leased), (0, 0));
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 1);
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.attempt, claim.outcome_unknown_since), ("m2", 1, None));
}

#[tokio::test]
async fn cancelled_follower_delays_no_other() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    let limits = FeedLimits::lines(9);
    let old = f.storage.publish("news", "line", limits).await.unwrap();
    let patience = Duration::from_secs(2);
    {
        let mut following = pin!(f.storage.follow("news", Some(&old), patience));
        while !direct.has_blocked_client().await {
            assert!(poll!(&mut following).is_pending());
        }
    }
    let start = Instant::now();
    let lines = f.storage.follow("news", None, patience).await.unwrap();
    assert_eq!(lines.len(), 1);
    assert!(start.elapsed() < patience * 3 / 4, "{:?}", start.elapsed());
}

#[tokio::test]
async fn followers_one_after_the_other_share_a_connection() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let mut direct = DirectRedis::connect(&server, &f).await;
    f.storage.follow("news", None, Duration::from_millis(1)).await.unwrap();
    let before = direct.info("total_connections_received").await;
    for _ in 0..3 {
        f.storage.follow("news", None, Duration::from_millis(1)).await.unwrap();
    }
    assert_eq!(direct.info("total_connections_received").await, before);
}
