//! Connections for what is not hurried: upkeep, and questions of people.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, RecycleResult};
use redis::{RedisError, RedisResult};

use super::address::Target;
use super::error::give_up;
use super::link::{Wire, dial, options};
use crate::contracts::storage::StorageError;

/// A question waits this long for a connection of its own.
const WAIT: Duration = Duration::from_secs(5);
/// Some read a whole page of records, which takes a while.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const SIZE: usize = 4;

/// deadpool-redis pools the connections to one server. Its pools for sentinels and clusters take no
/// timeouts and know nothing of replicas, so there our own way of connecting is pooled.
pub(super) enum Pool {
    Node(deadpool_redis::Pool),
    Dialed(managed::Pool<Dialer>),
}

/// A connection on loan; it goes back when this is dropped.
pub(super) struct Loan {
    wire: Wire,
    _lent: Lent,
}

#[expect(dead_code, reason = "held so that nobody else is lent it meanwhile")]
enum Lent {
    Node(deadpool_redis::Connection),
    Dialed(Object<Dialer>),
}

impl Deref for Loan {
    type Target = Wire;

    fn deref(&self) -> &Wire {
        &self.wire
    }
}

impl DerefMut for Loan {
    fn deref_mut(&mut self) -> &mut Wire {
        &mut self.wire
    }
}

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

impl Pool {
    pub(super) fn new(target: &Target) -> Result<Self, StorageError> {
        if let Target::Node(info) = target {
            let config = options(RESPONSE_TIMEOUT);
            let manager = deadpool_redis::Manager::new_with_config(info.clone(), config)
                .map_err(|error| give_up(&error))?;
            return build!(deadpool_redis::Pool::builder(manager)).map(Self::Node);
        }
        build!(managed::Pool::builder(Dialer(target.clone()))).map(Self::Dialed)
    }

    pub(super) async fn lend(&self) -> Result<Loan, StorageError> {
        Ok(match self {
            Self::Node(pool) => {
                let lent = pool.get().await.map_err(not_lent)?;
                Loan { wire: Wire::Node((*lent).clone()), _lent: Lent::Node(lent) }
            }
            Self::Dialed(pool) => {
                let lent = pool.get().await.map_err(not_lent)?;
                Loan { wire: (*lent).clone(), _lent: Lent::Dialed(lent) }
            }
        })
    }
}

fn not_lent(error: managed::PoolError<RedisError>) -> StorageError {
    match error {
        managed::PoolError::Backend(error) => give_up(&error),
        error => StorageError::Unavailable(error.to_string()),
    }
}
