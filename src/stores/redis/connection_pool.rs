//! A pool of connections for upkeep and operator queries.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, RecycleResult};
use redis::{RedisError, RedisResult};

use super::connection::{Connection, connect, connection_config};
use super::error::to_storage_error;
use super::target::Target;
use crate::contracts::storage::StorageError;

/// Maximum time to wait for a free connection.
const WAIT: Duration = Duration::from_secs(5);
/// Longer than that of the moves, since some queries read a whole page of records.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const SIZE: usize = 4;

/// Pooled connections. `deadpool-redis` pools those to one server; its pools for sentinels and clusters
/// take no timeouts and do not refuse replicas, so those deployments pool our own connections.
pub(super) enum ConnectionPool {
    Node(deadpool_redis::Pool),
    Other(managed::Pool<Connector>),
}

/// A connection from the pool, to which it returns when this is dropped.
pub(super) struct PooledConnection {
    connection: Connection,
    _object: PoolObject,
}

#[expect(dead_code, reason = "held so that no other caller gets it meanwhile")]
enum PoolObject {
    Node(deadpool_redis::Connection),
    Other(Object<Connector>),
}

impl Deref for PooledConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Makes connections as the moves do, to the same node by the same rules.
pub(super) struct Connector(Target);

impl managed::Manager for Connector {
    type Type = Connection;
    type Error = RedisError;

    async fn create(&self) -> RedisResult<Connection> {
        connect(&self.0, RESPONSE_TIMEOUT).await
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<RedisError> {
        Ok(connection.check().await?)
    }
}

macro_rules! build {
    ($builder:expr) => {
        $builder
            .max_size(SIZE)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .recycle_timeout(Some(WAIT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StorageError::Refused(error.to_string()))
    };
}

impl ConnectionPool {
    pub(super) fn new(target: &Target) -> Result<Self, StorageError> {
        if let Target::Node(info) = target {
            let config = connection_config(RESPONSE_TIMEOUT);
            let manager = deadpool_redis::Manager::new_with_config(*info.clone(), config)
                .map_err(|error| to_storage_error(&error))?;
            return build!(deadpool_redis::Pool::builder(manager)).map(Self::Node);
        }
        build!(managed::Pool::builder(Connector(target.clone()))).map(Self::Other)
    }

    pub(super) async fn get(&self) -> Result<PooledConnection, StorageError> {
        Ok(match self {
            Self::Node(pool) => {
                let object = pool.get().await.map_err(pool_error)?;
                let connection = Connection::Node((*object).clone());
                PooledConnection { connection, _object: PoolObject::Node(object) }
            }
            Self::Other(pool) => {
                let object = pool.get().await.map_err(pool_error)?;
                let connection = (*object).clone();
                PooledConnection { connection, _object: PoolObject::Other(object) }
            }
        })
    }
}

fn pool_error(error: managed::PoolError<RedisError>) -> StorageError {
    match error {
        managed::PoolError::Backend(error) => to_storage_error(&error),
        error => StorageError::Unavailable(format!(
            "no connection to Redis is free ({error}); try again later"
        )),
    }
}
