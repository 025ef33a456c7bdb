//! Replicated servers and cluster nodes.

use crate::support::free_port;
use crate::support::redis::RedisServer;

use super::eventually;

/// Starts a master with this number of replicas, and waits until they are in sync.
pub(super) async fn replicated(replicas: usize) -> (RedisServer, Vec<RedisServer>) {
    let master = RedisServer::with(&["--repl-diskless-sync-delay", "0"]);
    let replicas: Vec<_> = (0..replicas).map(|_| RedisServer::with(&[])).collect();
    for replica in &replicas {
        let port = master.port().to_string();
        let () = replica.tell(&["REPLICAOF", "127.0.0.1", &port]).await;
    }
    wait_for_replicas(&master, replicas.len()).await;
    (master, replicas)
}

/// Waits until a master reports this number of replicas as online.
pub(super) async fn wait_for_replicas(master: &RedisServer, replicas: usize) {
    eventually("the replicas are in sync", async || {
        let info: String = master.tell(&["INFO", "replication"]).await;
        (info.matches("state=online").count() == replicas).then_some(())
    })
    .await;
}

/// Starts a server in cluster mode.
pub(super) fn cluster_node(settings: &[&str]) -> RedisServer {
    // The default bus port is 10,000 above the client port and may exceed 65,535.
    let bus = free_port().to_string();
    let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus];
    RedisServer::with(&[&cluster, settings].concat())
}

/// Forms a cluster of these nodes, with the slots split evenly.
pub(super) async fn form_cluster(nodes: impl IntoIterator<Item = &RedisServer>) {
    const SLOTS: usize = 16_384;
    let nodes: Vec<_> = nodes.into_iter().collect();
    for (n, node) in nodes.iter().enumerate() {
        let first = SLOTS * n / nodes.len();
        let last = SLOTS * (n + 1) / nodes.len() - 1;
        let range = [first.to_string(), last.to_string()];
        let () = node.tell(&["CLUSTER", "SET-CONFIG-EPOCH", &(n + 1).to_string()]).await;
        let () = node.tell(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]).await;
        if n > 0 {
            introduce(node, nodes[0]).await;
        }
    }
    for node in &nodes {
        wait_for_members(node, nodes.len()).await;
    }
}

/// Sends `CLUSTER MEET`, which introduces a node to another one.
pub(super) async fn introduce(node: &RedisServer, other: &RedisServer) {
    let bus: Vec<String> = other.tell(&["CONFIG", "GET", "cluster-port"]).await;
    let port = other.port().to_string();
    let () = node.tell(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus[1]]).await;
}

/// Waits until a node knows this number of members, itself included, and reports the cluster as ok.
pub(super) async fn wait_for_members(node: &RedisServer, count: usize) {
    eventually("the cluster is ok", async || {
        let info: String = node.tell(&["CLUSTER", "INFO"]).await;
        let nodes: String = node.tell(&["CLUSTER", "NODES"]).await;
        let met = nodes.lines().filter(|node| !node.contains("handshake")).count();
        (met == count && info.contains("cluster_state:ok")).then_some(())
    })
    .await;
}

/// Returns the URL of a cluster.
pub(super) fn cluster_url(nodes: &[RedisServer]) -> String {
    let nodes: Vec<String> = nodes.iter().map(RedisServer::address).collect();
    format!("redis+cluster://{}", nodes.join(","))
}
