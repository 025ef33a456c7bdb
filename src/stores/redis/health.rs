//! Health of the servers: settings under which Redis loses or evicts messages.

use std::collections::HashMap;

use redis::cmd;

use super::Redis;
use super::connection_pool::PooledConnection;
use super::error::to_storage_error;
use super::reply::decode;
use crate::contracts::storage::{FailedCheck, Health, SafetyCheck, StorageError};

/// First major version that has all that the scripts need.
const OLDEST_VERSION: u32 = 7;

impl Redis {
    /// Reads the settings of every master. A service that hides them is assumed to be right.
    pub(super) async fn check_health(&self) -> Result<Health, StorageError> {
        let mut connection = self.pool.get().await?;
        let ping = connection.send_to_masters(&cmd("PING")).await;
        ping.map_err(|error| to_storage_error(&error))?;
        let mut health = Health::default();
        check_memory(&mut connection, &mut health).await;
        if self.wait_replicas == 0 && !is_always_flushed(&mut connection).await {
            health.degraded.push(
                "an accepted message may be lost when Redis is killed; set `appendonly yes` and \
                 `appendfsync always`, or REDIS_WAIT_REPLICAS to the number of replicas"
                    .to_owned(),
            );
        }
        if let Err(error) = connection.send_to_masters(cmd("FUNCTION").arg("STATS")).await {
            health.degraded.push(format!(
                "Redis takes no functions ({error}), so each call costs it a millisecond more; \
                 allow FUNCTION and FCALL"
            ));
        }
        if let Some(version) = oldest_version(&mut connection).await
            && version < OLDEST_VERSION
        {
            let reason = format!("Redis {version} is too old; use Redis 7.0 or later");
            health.fatal.push(FailedCheck { check: SafetyCheck::OldRedis, reason });
        }
        Ok(health)
    }
}

async fn check_memory(connection: &mut PooledConnection, health: &mut Health) {
    let policies = settings(connection, "maxmemory-policy").await;
    if let Some(policy) = policies.iter().find(|policy| *policy != "noeviction") {
        let reason = format!(
            "Redis may evict messages (maxmemory-policy is {policy}); \
             run `CONFIG SET maxmemory-policy noeviction`"
        );
        health.fatal.push(FailedCheck { check: SafetyCheck::Eviction, reason });
    }
    if settings(connection, "maxmemory").await.iter().any(|limit| limit == "0") {
        health.degraded.push(
            "Redis has no memory limit (maxmemory is 0), so it may be killed when the machine is \
             full; set maxmemory"
                .to_owned(),
        );
    }
}

/// Tests whether every server writes each command to its disk before it replies. A server that hides
/// its settings promises nothing.
async fn is_always_flushed(connection: &mut PooledConnection) -> bool {
    let written = settings(connection, "appendonly").await;
    let flushed = settings(connection, "appendfsync").await;
    !written.is_empty()
        && !flushed.is_empty()
        && written.iter().all(|value| value == "yes")
        && flushed.iter().all(|value| value == "always")
}

/// Returns a setting of every server that shows it.
async fn settings(connection: &mut PooledConnection, name: &str) -> Vec<String> {
    let replies = connection.send_to_masters(cmd("CONFIG").arg("GET").arg(name)).await;
    let setting = |reply| decode::<HashMap<String, String>>(reply).ok()?.remove(name);
    replies.unwrap_or_default().into_iter().filter_map(setting).collect()
}

/// Returns the lowest major version of all servers.
async fn oldest_version(connection: &mut PooledConnection) -> Option<u32> {
    let replies = connection.send_to_masters(cmd("INFO").arg("server")).await.unwrap_or_default();
    replies.into_iter().filter_map(|info| major_version(&decode::<String>(info).ok()?)).min()
}

/// Returns the major version in a reply of INFO.
fn major_version(info: &str) -> Option<u32> {
    let line = info.lines().find_map(|line| line.strip_prefix("redis_version:"))?;
    line.split('.').next()?.parse().ok()
}
