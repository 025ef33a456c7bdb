//! Redis topologies: TLS, replication, Sentinel fail-over and clusters.

mod cluster;
mod elections;
mod failover;
mod health;
mod nodes;
mod replicas;
mod reshard;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosswire::contracts::storage::{Pushed, StorageError};
use crosswire::stores::redis::{Redis, RedisConfig};
use secrecy::SecretString;

use super::fixture::{Fixture, commit, entry, push};

/// Time limit for servers to find each other, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

fn settings(url: &str) -> RedisConfig {
    RedisConfig { url: SecretString::from(url), verify_tls: true, wait_replicas: 0 }
}

/// Connects with these settings and returns a new topic.
async fn fixture_on(settings: RedisConfig) -> Fixture {
    // Nodes that have just joined may report each other as down for a moment.
    let redis = eventually("the store is reachable", async || {
        match Redis::connect(settings.clone()).await {
            Ok(redis) => Some(redis),
            Err(StorageError::Unavailable(_)) => None,
            Err(error) => panic!("{error}"),
        }
    });
    Fixture::new(Arc::new(redis.await))
}

/// Polls until there is a result.
async fn eventually<T>(what: &str, mut poll: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(result) = poll().await {
            return result;
        }
        assert!(start.elapsed() < TIMEOUT, "not within {TIMEOUT:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Pushes again for as long as the store is unavailable.
async fn push_until_accepted(f: &Fixture, group: &str, id: &str) -> Pushed {
    eventually(&format!("{id} is accepted"), async || {
        match f.storage.push(&f.partition, push(entry(group, id))).await {
            Ok(pushed) => Some(pushed),
            Err(StorageError::Unavailable(_)) => None,
            Err(error) => panic!("{error}"),
        }
    })
    .await
}

/// Pushes, waits for, claims and completes one message, then reads the depth and the events.
async fn process_message(f: &Fixture, id: &str) {
    push_until_accepted(f, "alice", id).await;
    // `wait` has a connection of its own, which notices a lost server by itself.
    eventually("the notification arrives", async || {
        f.storage.wait(&f.inbound(), TIMEOUT).await.ok()
    })
    .await;
    let claim = f.claim().await;
    assert_eq!(claim.id.as_str(), id);
    f.complete(claim, commit()).await;
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 0);
    assert_eq!(f.kinds(id).await.len(), 2);
}
