//! Redis in the other forms that it comes in: encrypted, replicated, failing over, spread out.

mod cluster;
mod failover;
mod health;
mod nodes;
mod replicas;
mod reshard;
mod sentinel;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosswire::contracts::storage::{Pushed, StorageError};
use crosswire::stores::redis::{Redis, RedisConfig};
use secrecy::SecretString;

use super::fixture::{Fixture, commit, entry, push};

/// How long servers may take to find each other, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);

fn settings(url: &str) -> RedisConfig {
    RedisConfig { url: SecretString::from(url), verify_tls: true, wait_replicas: 0 }
}

async fn on(settings: RedisConfig) -> Fixture {
    // Nodes that have just met may think each other away for a moment, and say so.
    let redis =
        eventually("the store is there", async || match Redis::connect(settings.clone()).await {
            Ok(redis) => Some(redis),
            Err(StorageError::Unavailable(_)) => None,
            Err(error) => panic!("{error}"),
        });
    Fixture::new(Arc::new(redis.await))
}

/// Asks until there is an answer.
async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Pushes as whoever is told that the store is unavailable does: again.
async fn push_until_taken(f: &Fixture, group: &str, id: &str) -> Pushed {
    eventually(&format!("{id} is taken"), async || {
        match f.storage.push(&f.partition, push(entry(group, id))).await {
            Ok(pushed) => Some(pushed),
            Err(StorageError::Unavailable(_)) => None,
            Err(error) => panic!("{error}"),
        }
    })
    .await
}

/// One message's way through a topic, on the hot path, past the bell, and as people ask about it.
async fn work_through(f: &Fixture, id: &str) {
    push_until_taken(f, "alice", id).await;
    // The doorbell's own connection finds out by itself that its server is gone.
    eventually("the bell is heard", async || f.storage.wait(&f.inbound(), PATIENCE).await.ok())
        .await;
    let claim = f.claim().await;
    assert_eq!(claim.id.as_str(), id);
    f.complete(claim, commit()).await;
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 0);
    assert_eq!(f.kinds(id).await.len(), 2);
}
