//! Connections to one node or to a cluster.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{
    MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr,
};
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionInfo, Pipeline, RedisResult, Value};

use super::sentinels::{Sentinels, Term};
use super::target::Target;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The same for each node of a cluster. The connection to a cluster is made in two rounds, and one of its nodes
/// that hangs holds up each.
const NODE_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection to one node, or to a cluster.
#[derive(Clone)]
pub(super) enum Connection {
    Node(MultiplexedConnection),
    /// To the node that the sentinels name.
    Master(MultiplexedConnection, Term),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Sends a command to the node that holds `key`.
    pub(super) async fn send(&mut self, command: &Cmd, key: &str) -> RedisResult<Value> {
        match self {
            Self::Node(node) => command.query_async(node).await,
            Self::Master(node, term) => term.during(command.query_async(node)).await,
            Self::Cluster(cluster) => {
                let routing = RoutingInfo::SingleNode(node_of(key));
                cluster.route_command(command.clone(), routing).await?.extract_error()
            }
        }
    }

    /// Sends commands together, over one connection, to the node that holds `key`.
    pub(super) async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        key: &str,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Self::Node(node) => pipeline.query_async(node).await,
            Self::Master(node, term) => term.during(pipeline.query_async(node)).await,
            Self::Cluster(cluster) => {
                let count = pipeline.len();
                let replies =
                    cluster.route_pipeline(pipeline.clone(), 0, count, node_of(key)).await?;
                replies.into_iter().map(Value::extract_error).collect()
            }
        }
    }

    /// Sends a command to every master, and returns the reply of each.
    pub(super) async fn send_to_masters(&mut self, command: &Cmd) -> RedisResult<Vec<Value>> {
        let cluster = match self {
            Self::Cluster(cluster) => cluster,
            node => return Ok(vec![node.send(command, "").await?]),
        };
        let routing = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        match cluster.route_command(command.clone(), routing).await?.extract_error()? {
            Value::Map(replies) => Ok(replies.into_iter().map(|(_, reply)| reply).collect()),
            reply => Ok(vec![reply]),
        }
    }

    /// Tests whether it still leads to the master, as far as is known.
    pub(super) fn is_current(&self) -> bool {
        match self {
            Self::Master(_, term) => term.lasts(),
            Self::Node(_) | Self::Cluster(_) => true,
        }
    }

    /// Checks that a server answers that takes writes.
    pub(super) async fn check(&mut self) -> RedisResult<()> {
        match self {
            Self::Node(node) => refuse_replica(node).await,
            Self::Master(node, term) => term.during(refuse_replica(node)).await,
            Self::Cluster(_) => self.send(&redis::cmd("PING"), "").await.map(drop),
        }
    }
}

fn node_of(key: &str) -> SingleNodeRoutingInfo {
    SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master))
}

/// Connection settings. The library's own default drops a reply after half a second.
pub(super) fn connection_config(response_timeout: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(response_timeout))
}

/// Connects to the master of a deployment.
pub(super) async fn connect(
    target: &Target,
    response_timeout: Duration,
) -> RedisResult<Connection> {
    match target {
        Target::Node(info) => {
            connect_to_node(*info.clone(), response_timeout).await.map(Connection::Node)
        }
        Target::Sentinel(sentinels) => {
            Box::pin(connect_to_master(sentinels, response_timeout)).await
        }
        Target::Cluster { nodes } => connect_to_cluster(nodes, response_timeout).await,
    }
}

async fn connect_to_node(
    info: ConnectionInfo,
    response_timeout: Duration,
) -> RedisResult<MultiplexedConnection> {
    let (client, config) = (Client::open(info)?, connection_config(response_timeout));
    let mut node = client.get_multiplexed_async_connection_with_config(&config).await?;
    refuse_replica(&mut node).await?;
    Ok(node)
}

async fn connect_to_master(
    sentinels: &Arc<Sentinels>,
    response_timeout: Duration,
) -> RedisResult<Connection> {
    let (info, mut term) = sentinels.master().await?;
    let node = term.during(connect_to_node(info, response_timeout)).await?;
    Ok(Connection::Master(node, term))
}

/// Connects to a cluster, without the retries of the client, which cannot repeat a script call as
/// scripts need it. Nor does the client follow a slot that is moving: a tag is the name of no key, so a
/// node whose slot is leaving refers every script to the next owner, where half of the partition's keys
/// are missing and would be created anew. The caller waits for the end of the move.
async fn connect_to_cluster(
    nodes: &[String],
    response_timeout: Duration,
) -> RedisResult<Connection> {
    let client = ClusterClientBuilder::new(nodes.to_vec())
        .connection_timeout(NODE_CONNECT_TIMEOUT)
        .response_timeout(response_timeout)
        .retries(0)
        .build()?;
    Ok(Connection::Cluster(client.get_async_connection().await?))
}

/// Fails when the node is a replica: after a failover a name may still lead to the old master. A service
/// that forbids ROLE has its own way of leading to the master.
async fn refuse_replica(node: &mut MultiplexedConnection) -> RedisResult<()> {
    let role: RedisResult<Value> = redis::cmd("ROLE").query_async(node).await;
    match role {
        Ok(Value::Array(reply)) => {
            let role: String =
                reply.into_iter().next().map_or(Ok(String::new()), redis::from_redis_value)?;
            if role == "slave" {
                let detail = Some("the URL leads to a replica".to_owned());
                return Err(redis::make_extension_error("READONLY".to_owned(), detail));
            }
            Ok(())
        }
        Err(error) if error.is_io_error() => Err(error),
        _ => Ok(()),
    }
}
