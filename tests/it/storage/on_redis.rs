//! The contract, held to Redis; and what can be seen of Redis alone.

use std::sync::Arc;

use crosswire::stores::redis::{Redis, RedisConfig};
use secrecy::SecretString;

use crate::storage::contract::{self, every_promise};
use crate::storage::fixture::Fixture;
use crate::support::redis::RedisServer;

/// A topic on a server of its own, which is gone when it is dropped.
pub(super) async fn on_redis(server: &RedisServer) -> Fixture {
    on(server.url()).await
}

pub(super) async fn on(url: String) -> Fixture {
    let url = SecretString::from(url);
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    Fixture::new(Arc::new(Redis::connect(settings).await.unwrap()))
}

macro_rules! hold_to {
    ($($shelf:ident: $($promise:ident),* $(,)?;)*) => {
        $(mod $shelf {
            $(#[tokio::test]
            async fn $promise() {
                let server = super::RedisServer::volatile();
                super::contract::$shelf::$promise(super::on_redis(&server).await).await;
            })*
        })*
    };
}

every_promise!(hold_to);
