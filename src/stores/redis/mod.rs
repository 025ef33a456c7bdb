//! The store on Redis: standalone, behind sentinels, or a cluster; with TLS or without.
//!
//! Redis runs a Lua script (`scripts/`) as one step; `keys` lists the keys. The moves of one partition that
//! wait at the same time are one call of a script (`lanes`). All calls share one pipelined connection. The
//! doorbell and the feeds block, so each call that waits has a connection of its own meanwhile. Upkeep and
//! operator queries borrow connections from a pool. Behind sentinels, each of them ends when another master is
//! named.

mod batch;
mod blocking;
mod call;
mod connection;
mod connection_pool;
mod error;
mod feeds;
mod health;
mod inspection;
mod keys;
mod lane;
mod lanes;
mod moves;
mod operator;
mod pauses;
mod queues;
mod rates;
mod reads;
mod reconnecting;
mod records;
pub mod reply;
mod scripts;
mod search;
mod sentinels;
mod streams;
mod target;
mod transfer;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};
use secrecy::SecretString;

use self::blocking::BlockingConnections;
use self::call::{PlainCommand, ScriptCall};
use self::connection_pool::ConnectionPool;
use self::error::to_storage_error;
use self::keys::tag;
use self::lanes::Lanes;
use self::reconnecting::Reconnecting;
use crate::contracts::figures::StoreCalls;
use crate::contracts::storage::{Partition, StorageError};

/// Maximum time to wait for a reply before the connection is dropped.
///
/// Shorter than the 2 s that web gives a call in all, so that a dead connection is noticed within it.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Maximum time that a blocking command blocks. Its connection waits a little longer for the reply.
const MAX_BLOCK: Duration = Duration::from_secs(2);

/// Configuration of the Redis store.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://`.
    pub url: SecretString,
    /// Refuses TLS certificates that this machine does not trust.
    pub verify_tls: bool,
    /// Number of replicas that must have a write before it counts as durable.
    pub wait_replicas: u32,
}

/// The store on Redis.
pub struct Redis {
    /// Connection that all moves share.
    shared: Arc<Reconnecting>,
    pushes: Lanes,
    moves: Lanes,
    /// Moves that must be on replicas, apart from those that need not wait for them.
    replicated: Lanes,
    blocking: BlockingConnections,
    pool: ConnectionPool,
    wait_replicas: u32,
    calls: StoreCalls,
}

impl Redis {
    /// Parses the URL and connects.
    ///
    /// # Errors
    /// `Refused` when the URL is malformed, `Unavailable` when no server answers.
    pub async fn connect(config: RedisConfig) -> Result<Self, StorageError> {
        let redis = Self::open(config)?;
        redis.shared.connection().await.map_err(|error| to_storage_error(&error))?;
        Ok(redis)
    }

    /// Parses the URL, and connects with the first call, so that a process may start before its store.
    ///
    /// # Errors
    /// `Refused` when the URL is malformed.
    pub fn open(config: RedisConfig) -> Result<Self, StorageError> {
        let RedisConfig { url, verify_tls, wait_replicas } = config;
        let target = target::parse(&url, verify_tls)?;
        Ok(Self {
            pool: ConnectionPool::new(&target)?,
            blocking: BlockingConnections::new(target.clone()),
            shared: Arc::new(Reconnecting::new(target, RESPONSE_TIMEOUT, wait_replicas)),
            pushes: Lanes::shedding(),
            moves: Lanes::new(),
            replicated: Lanes::new(),
            wait_replicas,
            calls: StoreCalls::default(),
        })
    }

    /// Records the time of every call from now on, but of those that wait for something to happen.
    #[must_use]
    pub fn recording(mut self, calls: StoreCalls) -> Self {
        let shared = Arc::get_mut(&mut self.shared).expect("no lane is open yet");
        shared.record(calls.clone());
        self.calls = calls;
        self
    }

    /// Carries out a move that adds to the store, together with others that wait.
    async fn push_one(&self, call: ScriptCall) -> Result<Value, StorageError> {
        self.pushes.send(&self.shared, call).await
    }

    /// Carries out a move that drains the store, or reads it, together with others that wait.
    async fn move_one(&self, call: ScriptCall) -> Result<Value, StorageError> {
        let waits = self.wait_replicas > 0 && call.waits_for_replicas;
        let lanes = if waits { &self.replicated } else { &self.moves };
        lanes.send(&self.shared, call).await
    }

    /// Sends a read on the shared connection.
    async fn read(&self, partition: &Partition, command: Cmd) -> Result<Value, StorageError> {
        self.shared.send(&PlainCommand { key: tag(partition), command }).await
    }

    /// Sends a command on a connection from the pool.
    async fn send_pooled(
        &self,
        partition: &Partition,
        command: &Cmd,
    ) -> Result<Value, StorageError> {
        let call = async {
            let mut connection = self.pool.get().await?;
            let reply = connection.send(command, &tag(partition)).await;
            reply.map_err(|error| to_storage_error(&error))
        };
        self.calls.measure(Box::pin(call)).await
    }
}
