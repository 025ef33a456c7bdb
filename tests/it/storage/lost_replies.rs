//! Lost replies of Redis: the storage repeats the call, and the operation takes effect once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crosswire::contracts::storage::{
    Claim, ClaimRequest, Commit, FeedLimits, NextClaims, Pushed, Replay, Retry, Settled,
};
use crosswire::model::event::EventKind;
use crosswire::model::message::MessageId;
use crosswire::model::state::Write;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::fixture::{
    Fixture, LONG, burial, claim_request, commit, copy, entry, facts, into_claim, next_claim, now,
    retry, wake,
};
use super::on_redis::{on_redis, on_url};
use super::redis_specific::run_every_operation;
use crate::support::redis::RedisServer;

/// A TCP proxy in front of Redis that drops the next reply and its connection on request.
#[derive(Clone, Default)]
struct Proxy(Arc<AtomicBool>);

impl Proxy {
    /// Starts listening; returns the URL to connect to.
    async fn listen(&self, server: &RedisServer) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let redis = server.url().replace("redis://", "");
        let proxy = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&redis).await.unwrap();
                tokio::spawn(proxy.clone().forward(client, server));
            }
        });
        url
    }

    async fn forward(self, client: TcpStream, server: TcpStream) {
        let (mut requests, mut client) = client.into_split();
        let (mut replies, mut server) = server.into_split();
        let forwarding =
            tokio::spawn(async move { tokio::io::copy(&mut requests, &mut server).await });
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = replies.read(&mut buffer).await {
            if self.0.swap(false, Ordering::SeqCst)
                || client.write_all(&buffer[..length]).await.is_err()
            {
                break;
            }
        }
        forwarding.abort();
    }

    fn drop_next_reply(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Reports whether the requested drop has happened.
    fn has_dropped_reply(&self) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

/// Returns a topic on this server, reached through a proxy.
async fn behind_proxy(server: &RedisServer) -> (Fixture, Proxy) {
    // Load the scripts first, or the dropped reply would be that there is no function.
    run_every_operation(&on_redis(server).await, None, 0).await;
    let proxy = Proxy::default();
    let url = proxy.listen(server).await;
    (on_url(url).await, proxy)
}

#[tokio::test]
async fn push_with_lost_reply_takes_effect_once() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    proxy.drop_next_reply();
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate, "the first call took effect");
    assert!(proxy.has_dropped_reply());
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 1);
    assert_eq!(f.kinds("m1").await, [EventKind::Received, EventKind::Queued]);
}

#[tokio::test]
async fn claim_with_lost_reply_is_returned_on_retry() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    proxy.drop_next_reply();
    let claim = f.claim().await;
    assert!(proxy.has_dropped_reply());
    assert_eq!((claim.id.as_str(), claim.attempt), ("m1", 1));
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().leased, 1);
}

#[tokio::test]
async fn completion_with_lost_reply_takes_effect_once_and_returns_its_next_claim() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    let counted = Commit {
        writes: vec![Write::Count { name: "c1".to_owned(), by: 1, ttl: LONG }],
        outbox: vec![entry("xenia", "o1")],
        facts: Some(facts("m1", &[EventKind::Handled])),
        ..commit()
    };
    proxy.drop_next_reply();
    let completed =
        f.storage.complete(claim, counted, &next_claim(claim_request(LONG))).await.unwrap();
    assert!(proxy.has_dropped_reply());
    assert_eq!(f.total("c1").await, 1);
    assert_eq!(f.kinds("m1").await[2..], [EventKind::Handled]);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 1);
    let next = into_claim(completed.next).expect("m2 was ready");
    assert_eq!((next.id.as_str(), next.attempt), ("m2", 1));
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().leased, 1);
}

// The moves of these batches are issued on one thread, so they all wait when the store sends the first.

#[tokio::test]
async fn batch_of_pushes_with_lost_reply_takes_effect_once() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    proxy.drop_next_reply();
    let messages = [("alice", "m1"), ("bob", "m2"), ("alice", "m3")];
    let pushed = join_all(messages.map(|(group, id)| f.push(group, id))).await;
    assert_eq!(pushed, [Pushed::Duplicate; 3], "one call had all of them");
    assert!(proxy.has_dropped_reply());
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 3);
    for (_, id) in messages {
        assert_eq!(f.kinds(id).await, [EventKind::Received, EventKind::Queued]);
    }
}

fn up_to(max: usize) -> ClaimRequest {
    ClaimRequest { max, ..claim_request(LONG) }
}

fn ids(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.id.as_str()).collect()
}

#[tokio::test]
async fn batch_of_claims_with_lost_reply_returns_each_caller_its_own() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    for (group, id) in [("alice", "m1"), ("bob", "m2"), ("carol", "m3"), ("dave", "m4")] {
        f.push(group, id).await;
    }
    let (queue, requests) = (f.inbound(), [up_to(2), up_to(1)]);
    proxy.drop_next_reply();
    let claimed = join_all(requests.each_ref().map(|it| f.storage.claim(&queue, it))).await;
    assert!(proxy.has_dropped_reply());
    let claimed: Vec<_> = claimed.into_iter().map(|claimed| claimed.unwrap().claims).collect();
    assert_eq!((ids(&claimed[0]), ids(&claimed[1])), (vec!["m1", "m2"], vec!["m3"]));
    assert_eq!(f.storage.depth(&queue).await.unwrap().leased, 3);
    for claim in claimed.into_iter().flatten() {
        assert_eq!(claim.attempt, 1);
        assert_eq!(f.complete(claim, commit()).await, Settled::Done);
    }
    assert_eq!(f.claim().await.id.as_str(), "m4");
}

#[tokio::test]
async fn batch_of_completions_with_lost_reply_takes_effect_once_and_returns_all_claims() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    for (group, id) in [("alice", "m1"), ("bob", "m2"), ("carol", "m3"), ("dave", "m4")] {
        f.push(group, id).await;
    }
    let (one, two) = (f.claim().await, f.claim().await);
    let counted = |outbox: [&str; 2]| Commit {
        writes: vec![Write::Count { name: "c1".to_owned(), by: 1, ttl: LONG }],
        outbox: outbox.map(|id| entry(id, id)).to_vec(),
        ..commit()
    };
    let requests = [2, 1].map(|owed| NextClaims { next: Some(up_to(1)), owed: Some(up_to(owed)) });
    proxy.drop_next_reply();
    let (one, two) = tokio::join!(
        f.storage.complete(one, counted(["o1", "o2"]), &requests[0]),
        f.storage.complete(two, counted(["o3", "o4"]), &requests[1]),
    );
    assert!(proxy.has_dropped_reply());
    assert_eq!(f.total("c1").await, 2);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 4);
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((&one.settled, &two.settled), (&Settled::LeaseLost, &Settled::LeaseLost));
    assert_eq!((ids(&one.next.claims), ids(&two.next.claims)), (vec!["m3"], vec!["m4"]));
    assert_eq!((ids(&one.owed.claims), ids(&two.owed.claims)), (vec!["o1", "o2"], vec!["o3"]));
    for completed in [one, two] {
        for claim in completed.next.claims.into_iter().chain(completed.owed.claims) {
            assert_eq!(claim.attempt, 1);
            assert_eq!(f.complete(claim, commit()).await, Settled::Done);
        }
    }
    assert_eq!(f.claim_outbox().await.id.as_str(), "o4");
}

#[tokio::test]
async fn retry_and_release_with_lost_reply_take_effect_once() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    proxy.drop_next_reply();
    f.retry(claim, Retry { failed: true, ..retry() }).await;
    assert!(proxy.has_dropped_reply());
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.failures), ("m1", 1));
    proxy.drop_next_reply();
    f.release(copy(&claim)).await;
    assert!(proxy.has_dropped_reply());
    let again = f.claim().await;
    assert_eq!((again.id, again.attempt, again.failures), (claim.id, 1, 1));
    let claimed = f.storage.claim(&f.inbound(), &claim_request(LONG)).await.unwrap();
    assert_eq!(into_claim(claimed), None);
}

#[tokio::test]
async fn burial_with_lost_reply_buries_one_message() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    proxy.drop_next_reply();
    f.bury(claim, burial("poison")).await;
    assert!(proxy.has_dropped_reply());
    assert_eq!(f.dead_letters(&f.inbound()).await.len(), 1);
    assert_eq!(f.claim().await.id.as_str(), "m2");
}

#[tokio::test]
async fn replay_with_lost_reply_moves_each_letter_once_and_counts_it() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    for id in ["m1", "m2"] {
        f.push("alice", id).await;
        f.bury(f.claim().await, burial("poison")).await;
    }
    let letters = f.storage.dead_letters_before(&f.inbound(), None, 9).await.unwrap();
    let owed = Some(MessageId::new("m0"));
    let replay = |(letter, _)| Replay { letter, owed: owed.clone(), facts: None };
    let replays: Vec<_> = letters.into_iter().map(replay).collect();
    proxy.drop_next_reply();
    assert_eq!(f.storage.replay(&f.inbound(), &replays[..1]).await.unwrap(), 1);
    assert!(proxy.has_dropped_reply());
    let discarded = [(replays[1].letter.clone(), Some(facts("m1", &[EventKind::Discarded])))];
    proxy.drop_next_reply();
    assert_eq!(f.storage.discard(&f.inbound(), &discarded).await.unwrap(), 1);
    assert!(proxy.has_dropped_reply());
    let depth = f.storage.depth(&f.inbound()).await.unwrap();
    assert_eq!((depth.pending, depth.dead), (1, 0));
    assert_eq!(f.kinds("m1").await.last(), Some(&EventKind::Discarded));
    assert_eq!(f.storage.replay(&f.inbound(), &replays).await.unwrap(), 0);
}

#[tokio::test]
async fn wake_whose_reply_was_lost_is_scheduled_once() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    let wake = wake("@lobby", "lost", 1);
    proxy.drop_next_reply();
    f.storage.schedule(&f.partition, wake, now() + LONG).await.unwrap();
    assert!(proxy.has_dropped_reply());
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().scheduled, 1);
}

#[tokio::test]
async fn publication_whose_reply_was_lost_is_repeated_and_returns_its_last_line() {
    let server = RedisServer::volatile();
    let (f, proxy) = behind_proxy(&server).await;
    proxy.drop_next_reply();
    let place = f.storage.publish("live", "line", FeedLimits::lines(9).within(LONG)).await.unwrap();
    assert!(proxy.has_dropped_reply());
    let lines = f.storage.follow("live", None, Duration::ZERO).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["line", "line"]);
    assert_eq!(lines[1].place, place);
}
