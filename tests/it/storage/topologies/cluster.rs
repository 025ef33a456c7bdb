//! The storage contract on a Redis cluster, and the distribution of topics over its nodes.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use crosswire::contracts::storage::{Audit, Pushed, Queue, StorageError, Upkeep as _};
use crosswire::stores::redis::{Redis, RedisConfig};
use redis::cluster::ClusterClient;
use tokio::sync::OnceCell;

use super::nodes::{cluster_node, cluster_url, form_cluster};
use super::{fixture_on, settings};
use crate::storage::contract::{self, contract_tests};
use crate::storage::fixture::{Fixture, burial, entry, push};
use crate::support::redis::RedisServer;

/// Returns the three masters that all cluster tests share; each test has topics of its own.
pub(super) async fn shared() -> &'static [RedisServer] {
    static NODES: OnceLock<Vec<RedisServer>> = OnceLock::new();
    static JOINED: OnceCell<()> = OnceCell::const_new();
    let nodes = NODES.get_or_init(|| (0..3).map(|_| cluster_node(&[])).collect());
    JOINED.get_or_init(|| form_cluster(nodes)).await;
    nodes
}

/// Returns a new topic on the shared cluster.
pub(super) async fn on_cluster() -> Fixture {
    fixture_on(settings(&cluster_url(shared().await))).await
}

macro_rules! generate_tests {
    ($($module:ident: $($test:ident),* $(,)?;)*) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $test() {
                super::contract::$module::$test(super::on_cluster().await).await;
            })*
        })*
    };
}

contract_tests!(generate_tests);

#[tokio::test]
async fn partitions_of_a_topic_spread_over_all_nodes() {
    let mut f = on_cluster().await;
    for number in 0..24 {
        f.partition.number = number;
        assert_eq!(f.push("alice", "m1").await, Pushed::Accepted);
        let claim = f.claim().await;
        assert_eq!(f.push("bob", "m2").await, Pushed::Accepted);
        f.bury(claim, burial("poison")).await;
        assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 1);
        assert_eq!(f.dead_letters(&f.inbound()).await.len(), 1);
        assert_eq!(f.kinds("m1").await.len(), 2);
        f.storage.wait(&f.inbound(), Duration::from_secs(9)).await.unwrap();
        let audit = f.storage.audit(&f.inbound(), Duration::ZERO).await.unwrap();
        assert_eq!(audit, Some(Audit { groups: 1, mended: 0 }));
    }
    let pattern = format!("{{{}:*", f.partition.topic);
    let mut partitions = BTreeSet::new();
    for node in shared().await {
        let keys: Vec<String> = node.tell(&["KEYS", &pattern]).await;
        assert!(!keys.is_empty(), "every node holds some of the 24 partitions");
        partitions.extend(keys.into_iter().map(|key| key.split_once('}').unwrap().0.to_owned()));
    }
    assert_eq!(partitions.len(), 24);
}

#[tokio::test]
async fn audit_repairs_an_unindexed_group_on_every_node() {
    let mut f = on_cluster().await;
    let urls: Vec<String> = shared().await.iter().map(RedisServer::url).collect();
    let client = ClusterClient::new(urls).unwrap();
    let mut cluster = client.get_async_connection().await.unwrap();
    for number in 0..8 {
        f.partition.number = number;
        f.push("alice", "m1").await;
        let ready = format!("{{{}}}in:ready", f.partition);
        let () = redis::cmd("DEL").arg(ready).query_async(&mut cluster).await.unwrap();
        let queue: Queue = f.inbound();
        let audit = f.storage.audit(&queue, Duration::ZERO).await.unwrap();
        assert_eq!(audit, Some(Audit { groups: 1, mended: 1 }));
        assert_eq!(f.claim().await.id.as_str(), "m1");
    }
}

#[tokio::test]
async fn cluster_without_the_required_replicas_refuses_pushes() {
    let url = cluster_url(shared().await);
    let f = fixture_on(RedisConfig { wait_replicas: 1, ..settings(&url) }).await;
    let pushed = f.storage.push(&f.partition, push(entry("alice", "m1"))).await;
    assert!(matches!(pushed, Err(StorageError::Unavailable(_))), "{pushed:?}");
}

#[tokio::test]
async fn evicting_node_of_a_cluster_is_reported() {
    let nodes = [cluster_node(&[]), cluster_node(&[]), cluster_node(&[])];
    form_cluster(&nodes).await;
    let redis = Redis::connect(settings(&cluster_url(&nodes))).await.unwrap();
    assert_eq!(redis.health().await.unwrap().fatal, []);
    for node in &nodes {
        let () = node.tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
        assert_eq!(redis.health().await.unwrap().fatal.len(), 1);
        let () = node.tell(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    }
}
