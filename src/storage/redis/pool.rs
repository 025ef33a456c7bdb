//! Connections for what is not hurried: upkeep, and questions of people.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, RecycleResult};
use redis::{RedisError, RedisResult};

use super::address::Target;
use super::link::{Wire, dial};
use super::trouble::give_up;
use crate::storage::StorageError;

/// A question waits this long for a connection of its own.
const WAIT: Duration = Duration::from_secs(5);
/// Some read a whole stream of records, which takes a while.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const SIZE: usize = 4;

pub(super) struct Pool(managed::Pool<Dialer>);

/// A connection on loan; it goes back when this is dropped.
pub(super) type Loan = Object<Dialer>;

/// Connects as the hot path does, to the same node by the same rules.
pub(super) struct Dialer(Target);

impl managed::Manager for Dialer {
    type Type = Wire;
    type Error = RedisError;

    async fn create(&self) -> RedisResult<Wire> {
        dial(&self.0, RESPONSE_TIMEOUT).await
    }

    async fn recycle(&self, wire: &mut Wire, _: &Metrics) -> RecycleResult<RedisError> {
        Ok(wire.prove().await?)
    }
}

impl Pool {
    pub(super) fn new(target: &Target) -> Result<Self, StorageError> {
        managed::Pool::builder(Dialer(target.clone()))
            .max_size(SIZE)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .recycle_timeout(Some(WAIT))
            .runtime(Runtime::Tokio1)
            .build()
            .map(Self)
            .map_err(|error| StorageError::Refused(error.to_string()))
    }

    pub(super) async fn lend(&self) -> Result<Loan, StorageError> {
        self.0.get().await.map_err(|error| match error {
            managed::PoolError::Backend(error) => give_up(&error),
            error => StorageError::Unavailable(error.to_string()),
        })
    }
}
