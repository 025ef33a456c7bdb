//! Connections for what is not hurried: upkeep, and questions of people.

use std::time::Duration;

use deadpool_redis::{Runtime, cluster, sentinel};

use super::address::Target;
use super::link::Wire;
use crate::storage::StorageError;

/// A question waits this long for a connection of its own.
const WAIT: Duration = Duration::from_secs(2);
const SIZE: usize = 4;

pub(super) enum Pool {
    Node(deadpool_redis::Pool),
    Sentinel(sentinel::Pool),
    Cluster(cluster::Pool),
}

/// A connection on loan; it goes back when this is dropped.
pub(super) struct Loan {
    pub wire: Wire,
    _connection: Connection,
}

#[expect(dead_code, reason = "held so that the connection is not lent to somebody else meanwhile")]
enum Connection {
    Node(deadpool_redis::Connection),
    Sentinel(sentinel::Connection),
    Cluster(cluster::Connection),
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
        let refused = |error: redis::RedisError| StorageError::Refused(error.to_string());
        Ok(match target {
            Target::Node(info) => {
                let manager = deadpool_redis::Manager::new(info.clone()).map_err(refused)?;
                Self::Node(build!(deadpool_redis::Pool::builder(manager))?)
            }
            Target::Sentinel { nodes, master, db, login, tls } => {
                let node = login.node_info(*db, *tls);
                let manager = sentinel::Manager::new(
                    nodes.clone(),
                    master.clone(),
                    Some(node.into()),
                    sentinel::SentinelServerType::Master,
                )
                .map_err(refused)?;
                Self::Sentinel(build!(sentinel::Pool::builder(manager))?)
            }
            Target::Cluster { nodes } => {
                let manager = cluster::Manager::new(nodes.clone(), false).map_err(refused)?;
                Self::Cluster(build!(cluster::Pool::builder(manager))?)
            }
        })
    }

    pub(super) async fn lend(&self) -> Result<Loan, StorageError> {
        let away = |error: &dyn std::fmt::Display| StorageError::Unavailable(error.to_string());
        Ok(match self {
            Self::Node(pool) => {
                let connection = pool.get().await.map_err(|error| away(&error))?;
                let wire = Wire::Node((*connection).clone());
                Loan { wire, _connection: Connection::Node(connection) }
            }
            Self::Sentinel(pool) => {
                let connection = pool.get().await.map_err(|error| away(&error))?;
                let wire = Wire::Node((*connection).clone());
                Loan { wire, _connection: Connection::Sentinel(connection) }
            }
            Self::Cluster(pool) => {
                let connection = pool.get().await.map_err(|error| away(&error))?;
                let wire = Wire::Cluster((*connection).clone());
                Loan { wire, _connection: Connection::Cluster(connection) }
            }
        })
    }
}
