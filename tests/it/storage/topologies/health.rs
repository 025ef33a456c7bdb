//! Health findings about the settings of a Redis server.

use crosswire::contracts::storage::{Health, Upkeep as _};
use crosswire::stores::redis::{Redis, RedisConfig};

use super::settings;
use crate::support::redis::RedisServer;

async fn health(settings: RedisConfig) -> Health {
    Redis::connect(settings).await.unwrap().health().await.unwrap()
}

#[tokio::test]
async fn recommended_settings_are_healthy() {
    let server = RedisServer::start();
    assert_eq!(health(settings(&server.url())).await, Health::default());
}

#[tokio::test]
async fn eviction_policy_is_reported_as_fatal() {
    let server = RedisServer::start();
    let () = server.tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    let health = health(settings(&server.url())).await;
    assert_eq!(health.degraded, [""; 0]);
    assert!(
        matches!(&health.fatal[..], [only] if only.reason.contains("allkeys-lru")),
        "{health:?}"
    );
}

#[tokio::test]
async fn appendfsync_everysec_is_degraded_without_replicas() {
    let server = RedisServer::start();
    let () = server.tell(&["CONFIG", "SET", "appendfsync", "everysec"]).await;
    let report = health(settings(&server.url())).await;
    assert_eq!(report.fatal, []);
    assert!(matches!(&report.degraded[..], [only] if only.contains("appendfsync")), "{report:?}");
    let replicated = RedisConfig { wait_replicas: 1, ..settings(&server.url()) };
    assert_eq!(health(replicated).await, Health::default());
}

#[tokio::test]
async fn missing_functions_are_degraded() {
    let server = RedisServer::with(&["--appendonly", "yes", "--rename-command", "FUNCTION", ""]);
    let health = health(settings(&server.url())).await;
    assert_eq!(health.fatal, []);
    assert!(matches!(&health.degraded[..], [only] if only.contains("FUNCTION")), "{health:?}");
}

#[tokio::test]
async fn missing_maxmemory_is_degraded() {
    let server = RedisServer::start();
    let () = server.tell(&["CONFIG", "SET", "maxmemory", "0"]).await;
    let health = health(settings(&server.url())).await;
    assert_eq!(health.fatal, []);
    assert!(matches!(&health.degraded[..], [only] if only.contains("maxmemory")), "{health:?}");
}
