//! A reply that never arrives leaves open whether its move was made; the storage asks again, and the
//! move takes effect once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crosswire::contracts::storage::{Commit, Pushed, Retry};
use crosswire::model::event::EventKind;
use crosswire::model::state::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::fixture::{Fixture, LONG, ask, burial, commit, copy, entry, facts, message, retry};
use super::on_redis::{on, on_redis};
use super::redis_specific::work_out;
use crate::support::redis::RedisServer;

/// Stands before a Redis. When it is told to, it cuts the connection instead of passing on a reply.
#[derive(Clone, Default)]
struct Wire(Arc<AtomicBool>);

impl Wire {
    /// Answers the address to connect to.
    async fn lay(&self, server: &RedisServer) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let redis = server.url().replace("redis://", "");
        let wire = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&redis).await.unwrap();
                tokio::spawn(wire.clone().carry(client, server));
            }
        });
        url
    }

    async fn carry(self, client: TcpStream, server: TcpStream) {
        let (mut asks, mut hears) = client.into_split();
        let (mut answers, mut listens) = server.into_split();
        let asking = tokio::spawn(async move { tokio::io::copy(&mut asks, &mut listens).await });
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = answers.read(&mut buffer).await {
            if self.0.swap(false, Ordering::SeqCst)
                || hears.write_all(&buffer[..length]).await.is_err()
            {
                break;
            }
        }
        asking.abort();
    }

    fn lose_the_next_reply(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether a reply was lost, as was asked for.
    fn has_lost_it(&self) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

async fn behind_a_wire(server: &RedisServer) -> (Fixture, Wire) {
    // The server must know the scripts, or the reply that is lost would be that it does not.
    work_out(&on_redis(server).await, None, 0).await;
    let wire = Wire::default();
    let url = wire.lay(server).await;
    (on(url).await, wire)
}

#[tokio::test]
async fn push_with_lost_reply_takes_effect_once() {
    let server = RedisServer::volatile();
    let (f, wire) = behind_a_wire(&server).await;
    wire.lose_the_next_reply();
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate, "its first asking took effect");
    assert!(wire.has_lost_it());
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 1);
    assert_eq!(f.kinds("m1").await, [EventKind::Received, EventKind::Queued]);
}

#[tokio::test]
async fn claim_with_lost_reply_is_returned_on_retry() {
    let server = RedisServer::volatile();
    let (f, wire) = behind_a_wire(&server).await;
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    wire.lose_the_next_reply();
    let claim = f.claim().await;
    assert!(wire.has_lost_it());
    assert_eq!((claim.id.as_str(), claim.attempt), ("m1", 1));
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().leased, 1);
}

#[tokio::test]
async fn completion_with_lost_reply_takes_effect_once_and_returns_its_next_claim() {
    let server = RedisServer::volatile();
    let (f, wire) = behind_a_wire(&server).await;
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    let told = Commit {
        writes: vec![Write::Count { name: "c1".to_owned(), by: 1, ttl: LONG }],
        outbox: vec![entry("xenia", "o1")],
        facts: Some(facts("m1", &[EventKind::Handled])),
        ..commit()
    };
    wire.lose_the_next_reply();
    let completed = f.storage.complete(claim, told, Some(&ask(LONG))).await.unwrap();
    assert!(wire.has_lost_it());
    assert_eq!(f.total("c1").await, 1);
    assert_eq!(f.kinds("m1").await[2..], [EventKind::Handled]);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 1);
    let next = message(completed.next.expect("it was claimed")).expect("m2 was ready");
    assert_eq!((next.id.as_str(), next.attempt), ("m2", 1));
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().leased, 1);
}

#[tokio::test]
async fn retry_and_release_with_lost_reply_take_effect_once() {
    let server = RedisServer::volatile();
    let (f, wire) = behind_a_wire(&server).await;
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    wire.lose_the_next_reply();
    f.retry(claim, Retry { failed: true, ..retry() }).await;
    assert!(wire.has_lost_it());
    let claim = f.claim().await;
    assert_eq!((claim.id.as_str(), claim.failures), ("m1", 1));
    wire.lose_the_next_reply();
    f.release(copy(&claim)).await;
    assert!(wire.has_lost_it());
    let again = f.claim().await;
    assert_eq!((again.id, again.attempt, again.failures), (claim.id, 1, 1));
    let claim = f.storage.claim(&f.inbound(), &ask(LONG)).await.unwrap();
    assert_eq!(message(claim), None);
}

#[tokio::test]
async fn burial_with_lost_reply_buries_one_message() {
    let server = RedisServer::volatile();
    let (f, wire) = behind_a_wire(&server).await;
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    wire.lose_the_next_reply();
    f.bury(claim, burial("poison")).await;
    assert!(wire.has_lost_it());
    assert_eq!(f.storage.dead_letters(&f.inbound(), 9).await.unwrap().len(), 1);
    assert_eq!(f.claim().await.id.as_str(), "m2");
}
