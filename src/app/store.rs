//! The store that the configuration names.

use std::sync::Arc;

use crate::app::config::{Config, RedisConfig, StoreConfig};
use crate::contracts::figures::StoreCalls;
use crate::contracts::storage::{Storage, StorageError};
use crate::model::clock::{Clock, SystemClock};
use crate::stores::redis::{self, Redis};
use crate::stores::sqlite::{self, Sqlite};

/// Access to the store, from which connections are made.
pub(super) enum StoreHandle {
    Redis(redis::RedisConfig, StoreCalls),
    /// One for the whole process, since it locks the file and has threads of its own.
    Embedded(Arc<Sqlite>),
}

impl StoreHandle {
    /// Opens the store for reading and writing.
    pub(super) fn open(config: &Config) -> Result<Self, StorageError> {
        Self::open_recorded(config, StoreCalls::default())
    }

    /// Opens the store for reading and writing, and records its round trips.
    pub(super) fn open_recorded(config: &Config, calls: StoreCalls) -> Result<Self, StorageError> {
        match &config.store {
            StoreConfig::Redis(redis) => Ok(Self::Redis(settings(redis), calls)),
            StoreConfig::Embedded { ephemeral } => {
                let sqlite = Sqlite::open(sqlite::SqliteConfig {
                    directory: config.data_dir.clone(),
                    clock: Arc::new(SystemClock),
                    ephemeral: ephemeral.clone(),
                })?;
                Ok(Self::Embedded(Arc::new(sqlite.recording(calls))))
            }
        }
    }

    /// Opens the store for reading, beside the processes that use it.
    pub(super) fn inspect(config: &Config) -> Result<Self, StorageError> {
        match &config.store {
            StoreConfig::Redis(redis) => Ok(Self::Redis(settings(redis), StoreCalls::default())),
            StoreConfig::Embedded { .. } => {
                let clock: Arc<dyn Clock> = Arc::new(SystemClock);
                Ok(Self::Embedded(Arc::new(Sqlite::open_read_only(&config.data_dir, &clock)?)))
            }
        }
    }

    /// Returns the store, over connections of its own where there are any.
    pub(super) fn connect(&self) -> Result<Arc<dyn Storage>, StorageError> {
        match self {
            Self::Redis(settings, calls) => {
                Ok(Arc::new(Redis::open(settings.clone())?.recording(calls.clone())))
            }
            Self::Embedded(sqlite) => Ok(Arc::clone(sqlite) as Arc<dyn Storage>),
        }
    }
}

fn settings(redis: &RedisConfig) -> redis::RedisConfig {
    redis::RedisConfig {
        url: redis.url.clone(),
        verify_tls: redis.verify_tls,
        wait_replicas: redis.wait_replicas,
    }
}
