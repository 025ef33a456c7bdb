//! Fail-over: a replica takes over from a lost master.

use crosswire::contracts::storage::Pushed;
use crosswire::stores::redis::RedisConfig;

use super::nodes::{
    cluster_node, cluster_url, form_cluster, introduce, replicated, wait_for_members,
    wait_for_replicas,
};
use super::{eventually, fixture_on, process_message, push_until_accepted, settings};
use crate::storage::fixture::{Fixture, LONG, commit};
use crate::support::free_port;
use crate::support::redis::RedisServer;
use crate::support::sentinel::Sentinel;

/// Asserts that the acknowledged message is kept and that the store works.
async fn assert_store_continues(f: &Fixture) {
    let claim = f.claim().await;
    assert_eq!((claim.group.as_str(), claim.id.as_str()), ("alice", "m2"));
    f.complete(claim, commit()).await;
    process_message(f, "m3").await;
    assert_eq!(
        f.storage.audit(&f.inbound(), LONG).await.unwrap().map(|audit| audit.mended),
        Some(0)
    );
}

#[tokio::test]
async fn store_follows_a_sentinel_failover() {
    let (master, _replicas) = replicated(2).await;
    let sentinel = Sentinel::start(master.port(), &[]);
    sentinel.wait_for_replicas(2).await;
    let unused = free_port();
    let url = format!("redis+sentinel://127.0.0.1:{unused},127.0.0.1:{}/town", sentinel.port());
    let f = fixture_on(RedisConfig { wait_replicas: 1, ..settings(&url) }).await;
    process_message(&f, "m1").await;
    push_until_accepted(&f, "alice", "m2").await;
    master.kill9();
    assert_eq!(push_until_accepted(&f, "bob", "m2").await, Pushed::Duplicate);
    assert_store_continues(&f).await;
}

#[tokio::test]
async fn store_follows_a_cluster_failover() {
    let nodes = [cluster_node(&["--repl-diskless-sync-delay", "0"]), cluster_node(&[])];
    let [master, replica] = &nodes;
    form_cluster(&nodes[..1]).await;
    introduce(replica, master).await;
    wait_for_members(replica, 2).await;
    let id: String = master.tell(&["CLUSTER", "MYID"]).await;
    let () = replica.tell(&["CLUSTER", "REPLICATE", &id]).await;
    wait_for_replicas(master, 1).await;
    let url = cluster_url(&nodes);
    let replicated = fixture_on(RedisConfig { wait_replicas: 1, ..settings(&url) }).await;
    process_message(&replicated, "m1").await;
    let mut f = fixture_on(settings(&url)).await;
    f.partition = replicated.partition.clone();
    push_until_accepted(&replicated, "alice", "m2").await;
    master.kill9();
    // Without a second master there is no vote, so the take-over is forced.
    let () = replica.tell(&["CLUSTER", "FAILOVER", "TAKEOVER"]).await;
    assert_eq!(push_until_accepted(&f, "bob", "m2").await, Pushed::Duplicate);
    assert_store_continues(&f).await;
}

/// A master may answer although it is out of reach of those who elected another, or before it is told.
#[tokio::test]
async fn store_leaves_a_master_that_answers_when_the_sentinels_name_another() {
    let (old, new) = (RedisServer::with(&[]), RedisServer::with(&[]));
    let sentinel = Sentinel::start(old.port(), &[]);
    let url = format!("redis+sentinel://127.0.0.1:{}/town", sentinel.port());
    let f = fixture_on(settings(&url)).await;
    process_message(&f, "m1").await;
    sentinel.watch(new.port()).await;
    eventually("a message is on the new master", async || {
        push_until_accepted(&f, "alice", "m2").await;
        (new.tell::<u64>(&["DBSIZE"]).await > 0).then_some(())
    })
    .await;
    f.claim().await;
}
