//! The storage contract, tested on a single Redis server.

use std::sync::Arc;

use crosswire::stores::redis::{Redis, RedisConfig};
use secrecy::SecretString;

use crate::storage::contract::{self, contract_tests};
use crate::storage::fixture::Fixture;
use crate::support::redis::RedisServer;

/// Returns a new topic on this server.
pub(super) async fn on_redis(server: &RedisServer) -> Fixture {
    on_url(server.url()).await
}

/// Returns a new topic on the server at this URL.
pub(crate) async fn on_url(url: String) -> Fixture {
    let url = SecretString::from(url);
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    Fixture::new(Arc::new(Redis::connect(settings).await.unwrap()))
}

macro_rules! generate_tests {
    ($($module:ident: $($test:ident),* $(,)?;)*) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $test() {
                let server = super::RedisServer::volatile();
                super::contract::$module::$test(super::on_redis(&server).await).await;
            })*
        })*
    };
}

contract_tests!(generate_tests);
