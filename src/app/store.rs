//! The store that the configuration names.

use std::sync::Arc;

use anyhow::bail;

use crate::config::{self, Config};
use crate::storage::redis::{Redis, Settings};
use crate::storage::{Storage, StorageError};

pub(super) enum Store {
    Redis(Settings),
}

impl Store {
    /// To work on.
    pub(super) fn open(config: &Config) -> anyhow::Result<Self> {
        match &config.store {
            config::Store::Redis { url, verify_tls, wait_replicas } => Ok(Self::Redis(Settings {
                url: url.clone(),
                verify_tls: *verify_tls,
                wait_replicas: *wait_replicas,
            })),
            config::Store::Embedded { .. } => bail!("there is no embedded store yet"),
        }
    }

    /// To look at, beside whoever works on it.
    pub(super) fn look(config: &Config) -> anyhow::Result<Self> {
        Self::open(config)
    }

    /// A way to it, with connections of its own where there are any.
    pub(super) fn share(&self) -> Result<Arc<dyn Storage>, StorageError> {
        match self {
            Self::Redis(settings) => Ok(Arc::new(Redis::open(settings.clone())?)),
        }
    }
}
