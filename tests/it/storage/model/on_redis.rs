//! The model-based tests on Redis.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::{Queue, QueueKind};
use crosswire::model::address::Group;
use crosswire::stores::redis::{Redis, RedisConfig};
use redis::aio::MultiplexedConnection;
use secrecy::SecretString;

use super::runner::DirectAccess;
use super::{ModelTest, SEQUENCES};
use crate::support::redis::RedisServer;

/// A connection to the server that bypasses the storage.
#[derive(Clone)]
struct DirectRedis(MultiplexedConnection);

impl DirectAccess for DirectRedis {
    const IS_BATCHED: bool = true;

    async fn end_delays(&mut self, queue: &Queue, groups: &[Group]) {
        let kind = if queue.kind == QueueKind::Inbound { "in" } else { "out" };
        let key = format!("{{{}}}{kind}:delay", queue.partition);
        for group in groups {
            let mut command = redis::cmd("ZADD");
            command.arg(&key).arg("XX").arg(0).arg(group.as_str());
            command.exec_async(&mut self.0).await.unwrap();
        }
    }
}

/// Connects to a server through the storage and directly.
async fn model_test(server: &RedisServer) -> ModelTest<DirectRedis> {
    let url = SecretString::from(server.url());
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    let client = redis::Client::open(server.url()).unwrap();
    // Concurrent sequences share one server, where the default of half a second is too short.
    let config =
        redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(30)));
    let direct = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
    ModelTest::new(Arc::new(Redis::connect(settings).await.unwrap()), DirectRedis(direct))
}

// On one thread, so that all moves that are issued together wait when the store sends the first of them.
#[tokio::test]
async fn redis_matches_the_model_on_random_sequences() {
    let server = RedisServer::volatile();
    model_test(&server).await.check_random_sequences(SEQUENCES).await;
}

#[tokio::test]
async fn redis_matches_the_model_on_every_short_sequence() {
    let server = RedisServer::volatile();
    model_test(&server).await.check_every_short_sequence().await;
}
