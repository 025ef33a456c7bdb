//! Time after the election of a new master until pushes are accepted again, under a steady load.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crosswire::contracts::storage::{Push, Pushed};
use crosswire::stores::redis::RedisConfig;
use nix::sys::signal::Signal;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};

use super::nodes::{
    cluster_node, cluster_url, form_cluster, introduce, replicated, wait_for_members,
    wait_for_replicas,
};
use super::{eventually, fixture_on, push_until_accepted, settings};
use crate::storage::fixture::{Fixture, entry, push};
use crate::support::redis::RedisServer;
use crate::support::sentinel::Sentinel;

/// Time within which pushes are accepted again.
const LIMIT: Duration = Duration::from_secs(3);
/// Time between two pushes, and that for which a caller waits.
const INTERVAL: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(2);

/// A steady load of pushes, which ends when this is dropped.
struct Load {
    last_accepted: Arc<Mutex<Option<Instant>>>,
    _pushes: JoinSet<()>,
}

impl Load {
    fn start(f: &Arc<Fixture>) -> Self {
        let last_accepted = Arc::<Mutex<Option<Instant>>>::default();
        let (f, last) = (Arc::clone(f), Arc::clone(&last_accepted));
        let mut pushes = JoinSet::new();
        pushes.spawn(async move {
            let (mut ticks, mut underway) = (interval(INTERVAL), JoinSet::new());
            for number in 0_u64.. {
                ticks.tick().await;
                let (f, last, id) = (Arc::clone(&f), Arc::clone(&last), format!("load{number}"));
                underway.spawn(async move {
                    let wide = Push { max_depth: 1_000_000, ..push(entry(&id, &id)) };
                    let outcome = timeout(PATIENCE, f.storage.push(&f.partition, wide)).await;
                    if matches!(outcome, Ok(Ok(Pushed::Accepted))) {
                        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                    }
                });
            }
        });
        Self { last_accepted, _pushes: pushes }
    }

    /// Asserts that pushes are accepted within the limit.
    async fn assert_accepted_soon(&self) {
        let since = Instant::now();
        let accepted = eventually("a push is accepted", async || {
            let last = *self.last_accepted.lock().unwrap_or_else(PoisonError::into_inner);
            last.filter(|at| *at > since)
        });
        let took = accepted.await - since;
        assert!(took < LIMIT, "the next push was accepted after {took:?}");
    }
}

/// Waits until a server is a master.
async fn wait_for_promotion(server: &RedisServer) {
    let client = redis::Client::open(server.url()).unwrap();
    eventually("the replica is elected", async || {
        // With its role, a server closes its connections.
        let mut connection = client.get_multiplexed_async_connection().await.ok()?;
        let info: redis::RedisResult<String> =
            redis::cmd("INFO").arg("replication").query_async(&mut connection).await;
        info.ok()?.contains("role:master").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_are_accepted_soon_after_the_election_for_a_master_that_hangs() {
    let (master, replicas) = replicated(1).await;
    let sentinel = Sentinel::start(master.port(), &[]);
    sentinel.wait_for_replicas(1).await;
    let url = format!("redis+sentinel://127.0.0.1:{}/town", sentinel.port());
    let f = Arc::new(fixture_on(settings(&url)).await);
    push_until_accepted(&f, "alice", "m1").await;
    let load = Load::start(&f);
    load.assert_accepted_soon().await;
    master.signal(Signal::SIGSTOP);
    wait_for_promotion(&replicas[0]).await;
    load.assert_accepted_soon().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_are_accepted_soon_after_the_new_master_has_its_replica() {
    let (master, replicas) = replicated(1).await;
    let sentinel = Sentinel::start(master.port(), &[]);
    sentinel.wait_for_replicas(1).await;
    let url = format!("redis+sentinel://127.0.0.1:{}/town", sentinel.port());
    let f = Arc::new(fixture_on(RedisConfig { wait_replicas: 1, ..settings(&url) }).await);
    push_until_accepted(&f, "alice", "m1").await;
    let load = Load::start(&f);
    load.assert_accepted_soon().await;
    master.kill9();
    wait_for_promotion(&replicas[0]).await;
    let () = replicas[0].tell(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"]).await;
    master.restart();
    let port = replicas[0].port().to_string();
    let () = master.tell(&["REPLICAOF", "127.0.0.1", &port]).await;
    wait_for_replicas(&replicas[0], 1).await;
    load.assert_accepted_soon().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_are_accepted_soon_after_the_election_for_a_node_that_hangs() {
    let settled = ["--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"];
    let nodes: Vec<_> = (0..4).map(|_| cluster_node(&settled)).collect();
    let (masters, replica) = (&nodes[..3], &nodes[3]);
    form_cluster(masters).await;
    introduce(replica, &masters[0]).await;
    for node in &nodes {
        wait_for_members(node, nodes.len()).await;
    }
    let id: String = masters[0].tell(&["CLUSTER", "MYID"]).await;
    let () = replica.tell(&["CLUSTER", "REPLICATE", &id]).await;
    wait_for_replicas(&masters[0], 1).await;
    let mut f = fixture_on(settings(&cluster_url(&nodes))).await;
    move_to(&mut f, 0, &masters[1]).await;
    let f = Arc::new(f);
    push_until_accepted(&f, "alice", "m1").await;
    let load = Load::start(&f);
    load.assert_accepted_soon().await;
    masters[0].signal(Signal::SIGSTOP);
    wait_for_promotion(replica).await;
    load.assert_accepted_soon().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_that_hangs_leaves_the_partitions_of_others_in_service() {
    // Nobody takes over for as long as the test lasts.
    let masters: Vec<_> =
        (0..3).map(|_| cluster_node(&["--cluster-node-timeout", "60000"])).collect();
    form_cluster(&masters).await;
    let url = cluster_url(&masters);
    let (mut hung, mut other) =
        (fixture_on(settings(&url)).await, fixture_on(settings(&url)).await);
    // Through one connection, as in a process.
    other.storage = Arc::clone(&hung.storage);
    move_to(&mut hung, 0, &masters[1]).await;
    move_to(&mut other, 1, &masters[1]).await;
    let _hung = Load::start(&Arc::new(hung));
    let other = Load::start(&Arc::new(other));
    other.assert_accepted_soon().await;
    masters[0].signal(Signal::SIGSTOP);
    let end = Instant::now() + Duration::from_secs(6);
    while Instant::now() < end {
        other.assert_accepted_soon().await;
    }
}

/// Chooses a partition on a master of three, each of which has a third of the slots.
async fn move_to(f: &mut Fixture, master: u64, node: &RedisServer) {
    let third = 16_384 / 3;
    loop {
        let slot: u64 = node.tell(&["CLUSTER", "KEYSLOT", &format!("{{{}}}", f.partition)]).await;
        if (master * third + 5..(master + 1) * third - 5).contains(&slot) {
            return;
        }
        f.partition.number += 1;
    }
}
