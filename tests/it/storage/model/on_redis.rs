//! The model, held against Redis.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::{Queue, QueueKind};
use crosswire::model::address::Group;
use crosswire::stores::redis::{Redis, RedisConfig};
use redis::aio::MultiplexedConnection;
use secrecy::SecretString;

use super::runner::Hook;
use super::{Bench, ROWS};
use crate::support::redis::RedisServer;

#[derive(Clone)]
struct DirectRedis(MultiplexedConnection);

impl Hook for DirectRedis {
    async fn fall_due(&mut self, queue: &Queue, groups: &[Group]) {
        let kind = if queue.kind == QueueKind::Inbound { "in" } else { "out" };
        let key = format!("{{{}}}{kind}:delay", queue.partition);
        for group in groups {
            let mut command = redis::cmd("ZADD");
            command.arg(&key).arg("XX").arg(0).arg(group.as_str());
            command.exec_async(&mut self.0).await.unwrap();
        }
    }
}

/// Both ways to a server.
async fn bench(server: &RedisServer) -> Bench<DirectRedis> {
    let url = SecretString::from(server.url());
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    let client = redis::Client::open(server.url()).unwrap();
    // Rows wait for each other on one server; the default of half a second is too short then.
    let config =
        redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(30)));
    let direct = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
    Bench::new(Arc::new(Redis::connect(settings).await.unwrap()), DirectRedis(direct))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_matches_the_model_on_random_sequences() {
    let server = RedisServer::volatile();
    bench(&server).await.hold_to_rows_at_random(ROWS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_matches_the_model_on_every_short_sequence() {
    let server = RedisServer::volatile();
    bench(&server).await.hold_to_every_row_of_a_small_scope().await;
}
