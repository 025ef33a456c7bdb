//! Way of an operator's commands to what they work on: the store itself, or the server that holds its file.

use std::sync::Arc;

use anyhow::Result;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use super::admin_client::AdminClient;
use super::store::StoreHandle;
use super::{App, partitions, prepare, secret};
use crate::app::config::{Config, TopicSelection};
use crate::contracts::settings::Purpose;
use crate::contracts::storage::StorageError;
use crate::engine::operations::{Actor, Operations};
use crate::engine::topic::TopicRuntime;
use crate::model::address::GroupKey;
use crate::model::clock::SystemClock;

/// Way of a change.
pub(super) enum Way {
    /// To the store: a Redis beside the processes that use it, a file that no process holds.
    Store(Operations),
    /// To the server on this machine that holds the file. What is read is read beside it.
    Server(Operations, AdminClient),
}

/// Opens the store for reading, beside the processes that use it.
pub(super) fn read(app: &App, topic: Option<&str>) -> Result<Operations> {
    let (config, services) = load(app, topic)?;
    operations(&config, services, StoreHandle::inspect)
}

/// Opens the store for reading what needs no key, and starts the log.
pub(super) fn inspect(app: &App, topic: Option<&str>) -> Result<Operations> {
    let selection = topic.map(TopicSelection::Flag);
    let (services, store) = prepare::inspect(&app.environment, &app.registry, selection)?;
    let groups = GroupKey::new(&SecretString::from(""));
    let (storage, clock) = (store.connect()?, Arc::new(SystemClock));
    Ok(Operations { services, storage, groups, clock })
}

/// Opens the store for writing: a Redis beside the processes that use it, a file instead of them.
pub(super) async fn write(app: &App, topic: Option<&str>) -> Result<Operations> {
    let (config, services) = load(app, topic)?;
    let operations = operations(&config, services, StoreHandle::open)?;
    require_partitions(&operations).await?;
    Ok(operations)
}

/// Opens the way for a change.
pub(super) async fn way(app: &App, topic: Option<&str>) -> Result<Way> {
    let held = match write(app, topic).await {
        Ok(operations) => return Ok(Way::Store(operations)),
        // The token goes to the server that holds the file, and not to any process at its port.
        Err(error) if is_held(&error) => error,
        Err(error) => return Err(error),
    };
    let (config, services) = load(app, topic)?;
    let client = AdminClient::new(config.server.port, config.admin_token.clone())?;
    if !client.is_open().await {
        return Err(held.context(
            "no server on this machine takes the change either; set ADMIN_TOKEN and PORT to those of \
             the server that runs, or stop it",
        ));
    }
    Ok(Way::Server(operations(&config, services, StoreHandle::inspect)?, client))
}

/// Returns whether another process holds the file of the store.
fn is_held(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StorageError::Held(_)))
}

impl Way {
    /// Returns what can be read on this way.
    pub(super) fn operations(&self) -> &Operations {
        let (Self::Store(operations) | Self::Server(operations, _)) = self;
        operations
    }
}

/// Calls the API of the server that holds the store's file.
pub(super) async fn post(
    client: &AdminClient,
    path: &str,
    body: &(impl Serialize + Sync),
) -> Result<Value> {
    client.post(path, body).await
}

/// Fails when the store remembers another number of partitions, in which nothing would be found.
pub(super) async fn require_partitions(operations: &Operations) -> Result<()> {
    let counts = partitions::counts(&operations.services);
    partitions::require_known(&counts, operations.storage.as_ref()).await
}

/// Returns the operator at this command line, as the audit log names them.
pub(super) fn actor(app: &App) -> Actor {
    let user = app.environment.get("USER").or_else(|| app.environment.get("LOGNAME"));
    let name =
        user.map_or_else(|| "command line".to_owned(), |user| format!("command line ({user})"));
    Actor { name, role: "write" }
}

fn load(app: &App, topic: Option<&str>) -> Result<(Config, Vec<TopicRuntime>)> {
    let selection = topic.map(TopicSelection::Flag);
    Ok(prepare::load(&app.environment, &app.registry, Purpose::Dev, selection)?)
}

fn operations(
    config: &Config,
    services: Vec<TopicRuntime>,
    open: impl Fn(&Config) -> Result<StoreHandle, StorageError>,
) -> Result<Operations> {
    let groups = GroupKey::new(&secret::existing_key(config)?);
    let (storage, clock) = (open(config)?.connect()?, Arc::new(SystemClock));
    Ok(Operations { services, storage, groups, clock })
}
