//! Servers that know of each other.

use crate::support::free_port;
use crate::support::redis::RedisServer;

use super::eventually;

/// A master with so many replicas, all of which are up to date with it.
pub(super) async fn replicated(replicas: usize) -> (RedisServer, Vec<RedisServer>) {
    let master = RedisServer::with(&["--repl-diskless-sync-delay", "0"]);
    let replicas: Vec<_> = (0..replicas).map(|_| RedisServer::with(&[])).collect();
    for replica in &replicas {
        let port = master.port().to_string();
        let () = replica.tell(&["REPLICAOF", "127.0.0.1", &port]).await;
    }
    in_step(&master, replicas.len()).await;
    (master, replicas)
}

/// Waits until a master counts so many replicas as up to date.
pub(super) async fn in_step(master: &RedisServer, replicas: usize) {
    eventually("the replicas are in step", async || {
        let info: String = master.tell(&["INFO", "replication"]).await;
        (info.matches("state=online").count() == replicas).then_some(())
    })
    .await;
}

/// A server that may be part of a cluster.
pub(super) fn cluster_node(settings: &[&str]) -> RedisServer {
    // The usual port of the bus, 10,000 above the other, may be beyond the last.
    let bus = free_port().to_string();
    let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus];
    RedisServer::with(&[&cluster, settings].concat())
}

/// Shares the slots out among these nodes.
pub(super) async fn join(nodes: impl IntoIterator<Item = &RedisServer>) {
    const SLOTS: usize = 16_384;
    let nodes: Vec<_> = nodes.into_iter().collect();
    for (n, node) in nodes.iter().enumerate() {
        let first = SLOTS * n / nodes.len();
        let last = SLOTS * (n + 1) / nodes.len() - 1;
        let range = [first.to_string(), last.to_string()];
        let () = node.tell(&["CLUSTER", "SET-CONFIG-EPOCH", &(n + 1).to_string()]).await;
        let () = node.tell(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]).await;
        if n > 0 {
            meet(node, nodes[0]).await;
        }
    }
    for node in &nodes {
        knows(node, nodes.len()).await;
    }
}

/// Introduces a node to another one.
pub(super) async fn meet(node: &RedisServer, other: &RedisServer) {
    let bus: Vec<String> = other.tell(&["CONFIG", "GET", "cluster-port"]).await;
    let port = other.port().to_string();
    let () = node.tell(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus[1]]).await;
}

/// Waits until a node knows so many, itself included, and thinks well of the cluster.
pub(super) async fn knows(node: &RedisServer, count: usize) {
    eventually("the cluster stands", async || {
        let info: String = node.tell(&["CLUSTER", "INFO"]).await;
        let nodes: String = node.tell(&["CLUSTER", "NODES"]).await;
        let met = nodes.lines().filter(|node| !node.contains("handshake")).count();
        (met == count && info.contains("cluster_state:ok")).then_some(())
    })
    .await;
}

/// The address of a cluster.
pub(super) fn cluster_url(nodes: &[RedisServer]) -> String {
    let nodes: Vec<String> = nodes.iter().map(RedisServer::address).collect();
    format!("redis+cluster://{}", nodes.join(","))
}
