//! Which settings of a Redis are found fault with.

use crosswire::contracts::storage::{Health, Upkeep as _};
use crosswire::stores::redis::{Redis, RedisConfig};

use super::settings;
use crate::support::redis::RedisServer;

async fn health(settings: RedisConfig) -> Health {
    Redis::connect(settings).await.unwrap().health().await.unwrap()
}

#[tokio::test]
async fn a_server_that_is_set_up_as_it_should_be_is_found_no_fault_with() {
    let server = RedisServer::start();
    assert_eq!(health(settings(&server.url())).await, Health::default());
}

#[tokio::test]
async fn a_server_that_may_evict_messages_is_no_place_for_them() {
    let server = RedisServer::start();
    let () = server.tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    let health = health(settings(&server.url())).await;
    assert_eq!(health.degraded, [""; 0]);
    assert!(matches!(&health.fatal[..], [only] if only.contains("allkeys-lru")), "{health:?}");
}

#[tokio::test]
async fn a_server_that_may_forget_the_last_second_is_called_degraded_unless_replicas_have_it() {
    let server = RedisServer::start();
    let () = server.tell(&["CONFIG", "SET", "appendfsync", "everysec"]).await;
    let found = health(settings(&server.url())).await;
    assert_eq!(found.fatal, [""; 0]);
    assert!(matches!(&found.degraded[..], [only] if only.contains("appendfsync")), "{found:?}");
    let replicated = RedisConfig { wait_replicas: 1, ..settings(&server.url()) };
    assert_eq!(health(replicated).await, Health::default());
}

#[tokio::test]
async fn a_server_without_a_limit_to_its_memory_is_called_degraded() {
    let server = RedisServer::start();
    let () = server.tell(&["CONFIG", "SET", "maxmemory", "0"]).await;
    let health = health(settings(&server.url())).await;
    assert_eq!(health.fatal, [""; 0]);
    assert!(matches!(&health.degraded[..], [only] if only.contains("maxmemory")), "{health:?}");
}
