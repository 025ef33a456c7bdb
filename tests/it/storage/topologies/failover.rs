//! A master dies, and its replica takes over.

use crosswire::contracts::storage::Pushed;
use crosswire::stores::redis::RedisConfig;

use super::nodes::{cluster_node, cluster_url, in_step, join, knows, meet, replicated};
use super::sentinel::Sentinel;
use super::{on, push_until_taken, settings, work_through};
use crate::storage::fixture::{Fixture, LONG, commit};
use crate::support::free_port;

/// What was acknowledged is there, and the rest works, too.
async fn go_on(f: &Fixture) {
    let claim = f.claim().await;
    assert_eq!((claim.group.as_str(), claim.id.as_str()), ("alice", "m2"));
    f.complete(claim, commit()).await;
    work_through(f, "m3").await;
    assert_eq!(
        f.storage.audit(&f.inbound(), LONG).await.unwrap().map(|audit| audit.mended),
        Some(0)
    );
}

#[tokio::test]
async fn store_follows_a_sentinel_failover() {
    let (master, _replicas) = replicated(2).await;
    let sentinel = Sentinel::over(master.port(), &[]);
    sentinel.knows_of(2).await;
    let nobody = free_port();
    let url = format!("redis+sentinel://127.0.0.1:{nobody},127.0.0.1:{}/town", sentinel.port());
    let f = on(RedisConfig { wait_replicas: 1, ..settings(&url) }).await;
    work_through(&f, "m1").await;
    push_until_taken(&f, "alice", "m2").await;
    master.kill9();
    assert_eq!(push_until_taken(&f, "bob", "m2").await, Pushed::Duplicate);
    go_on(&f).await;
}

#[tokio::test]
async fn store_follows_a_cluster_failover() {
    let nodes = [cluster_node(&["--repl-diskless-sync-delay", "0"]), cluster_node(&[])];
    let [master, replica] = &nodes;
    join(&nodes[..1]).await;
    meet(replica, master).await;
    knows(replica, 2).await;
    let id: String = master.tell(&["CLUSTER", "MYID"]).await;
    let () = replica.tell(&["CLUSTER", "REPLICATE", &id]).await;
    in_step(master, 1).await;
    let url = cluster_url(&nodes);
    let replicated = on(RedisConfig { wait_replicas: 1, ..settings(&url) }).await;
    work_through(&replicated, "m1").await;
    let mut f = on(settings(&url)).await;
    f.partition = replicated.partition.clone();
    push_until_taken(&replicated, "alice", "m2").await;
    master.kill9();
    // A single master leaves nobody to vote.
    let () = replica.tell(&["CLUSTER", "FAILOVER", "TAKEOVER"]).await;
    assert_eq!(push_until_taken(&f, "bob", "m2").await, Pushed::Duplicate);
    go_on(&f).await;
}
