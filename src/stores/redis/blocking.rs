//! Connections for commands that block.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use redis::{Cmd, Value};

use super::MAX_BLOCK;
use super::connection::{Connection, connect};
use super::error::to_storage_error;
use super::target::Target;
use crate::contracts::storage::StorageError;

/// Response timeout: a little longer than a command blocks.
const RESPONSE_TIMEOUT: Duration = MAX_BLOCK.saturating_add(Duration::from_secs(2));

/// Connections on each of which one command blocks at a time: Redis answers the commands of a
/// connection in order, so a second one would wait for the first. There are as many as calls have ever
/// waited at once.
pub(super) struct BlockingConnections {
    target: Target,
    idle: Mutex<Vec<Connection>>,
}

impl BlockingConnections {
    pub(super) fn new(target: Target) -> Self {
        Self { target, idle: Mutex::default() }
    }

    /// Sends a command that blocks until there is something under `key`. The connection is closed
    /// when the command fails or its caller stops waiting, since a reply may then be outstanding.
    pub(super) async fn send(&self, key: &str, command: &Cmd) -> Result<Value, StorageError> {
        let idle = self.take_idle();
        let connecting = async {
            match idle {
                Some(connection) => Ok(connection),
                None => connect(&self.target, RESPONSE_TIMEOUT).await,
            }
        };
        let mut connection = connecting.await.map_err(|error| to_storage_error(&error))?;
        let reply = connection.send(command, key).await;
        let reply = reply.map_err(|error| to_storage_error(&error))?;
        self.idle().push(connection);
        Ok(reply)
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle();
        idle.retain(Connection::is_current);
        idle.pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().expect("no holder panics")
    }
}
