//! The store that the configuration names.

use std::sync::Arc;

use crate::app::config::{self, Config};
use crate::contracts::storage::{Storage, StorageError};
use crate::model::clock::{Clock, SystemClock};
use crate::stores::redis::{self, Redis};
use crate::stores::sqlite::{self, Sqlite};

pub(super) enum Store {
    Redis(redis::RedisConfig),
    /// One for the whole process: it has the file to itself, and threads of its own.
    Embedded(Arc<Sqlite>),
}

impl Store {
    /// To work on.
    pub(super) fn open(config: &Config) -> Result<Self, StorageError> {
        match &config.store {
            config::Store::Redis(redis) => Ok(Self::Redis(settings(redis))),
            config::Store::Embedded { ephemeral } => {
                let sqlite = Sqlite::open(sqlite::SqliteConfig {
                    directory: config.data_dir.clone(),
                    clock: Arc::new(SystemClock),
                    ephemeral: ephemeral.clone(),
                })?;
                Ok(Self::Embedded(Arc::new(sqlite)))
            }
        }
    }

    /// To look at, beside whoever works on it.
    pub(super) fn look(config: &Config) -> Result<Self, StorageError> {
        match &config.store {
            config::Store::Redis(redis) => Ok(Self::Redis(settings(redis))),
            config::Store::Embedded { .. } => {
                let clock: Arc<dyn Clock> = Arc::new(SystemClock);
                Ok(Self::Embedded(Arc::new(Sqlite::open_read_only(&config.data_dir, &clock)?)))
            }
        }
    }

    /// A way to it, with connections of its own where there are any.
    pub(super) fn share(&self) -> Result<Arc<dyn Storage>, StorageError> {
        match self {
            Self::Redis(settings) => Ok(Arc::new(Redis::open(settings.clone())?)),
            Self::Embedded(sqlite) => Ok(Arc::clone(sqlite) as Arc<dyn Storage>),
        }
    }
}

fn settings(redis: &config::Redis) -> redis::RedisConfig {
    redis::RedisConfig {
        url: redis.url.clone(),
        verify_tls: redis.verify_tls,
        wait_replicas: redis.wait_replicas,
    }
}
