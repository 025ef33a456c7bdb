//! A master, its replica, and the sentinels that watch over them.

use std::time::Duration;

use nix::sys::signal::Signal;
use redis::RedisResult;
use tokio::time::{sleep, timeout};

use super::redis::RedisServer;
use super::sentinel::Sentinel;

/// Time limit for an election and for what comes after it, on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Two servers, one of which is the master, and a sentinel that elects the other when it is gone.
pub(crate) struct Town {
    servers: [RedisServer; 2],
    sentinel: Sentinel,
}

/// Ways to lose a server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    Killed,
    Frozen,
}

impl Town {
    pub(crate) async fn start() -> Self {
        let settings = ["--appendonly", "yes", "--repl-diskless-sync-delay", "0"];
        let servers = [(); 2].map(|()| RedisServer::with(&settings));
        let sentinel = Sentinel::start(servers[0].port(), &[]);
        let town = Self { servers, sentinel };
        town.make_replica(1, town.port(0)).await;
        town.wait_until_settled().await;
        town
    }

    /// Value for `REDIS_URL`.
    pub(super) fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/town", self.sentinel.port())
    }

    /// Waits until the sentinel may elect the server that is no master.
    pub(crate) async fn wait_until_settled(&self) {
        self.sentinel.wait_for_replicas(1).await;
    }

    /// Takes a server away.
    pub(crate) fn lose(&self, number: usize, loss: Loss) {
        match loss {
            Loss::Killed => self.servers[number].kill9(),
            Loss::Frozen => self.servers[number].signal(Signal::SIGSTOP),
        }
    }

    /// Brings a server back, which still takes itself for what it was.
    pub(crate) fn bring_back(&self, number: usize, loss: Loss) {
        match loss {
            Loss::Killed => self.servers[number].restart(),
            Loss::Frozen => self.servers[number].signal(Signal::SIGCONT),
        }
    }

    pub(crate) fn port(&self, number: usize) -> u16 {
        self.servers[number].port()
    }

    /// Lets a server follow the one on this port, as an operator does. The sentinel makes a master that is back
    /// a replica too, some ten seconds later.
    pub(crate) async fn make_replica(&self, number: usize, master: u16) {
        let master = master.to_string();
        let () = self.servers[number].tell(&["REPLICAOF", "127.0.0.1", &master]).await;
    }

    /// Waits until a server is a master.
    pub(crate) async fn wait_for_promotion(&self, number: usize) {
        self.wait_until(number, "role:master").await;
    }

    /// Waits until a master has its replica.
    pub(crate) async fn wait_for_replica(&self, number: usize) {
        self.wait_until(number, "state=online").await;
    }

    async fn wait_until(&self, number: usize, what: &str) {
        let said = async {
            while !says(&self.servers[number], what).await {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(TIMEOUT, said).await.unwrap_or_else(|_| panic!("not in time: {what}"));
    }
}

/// Tests whether a server says this of its replication.
async fn says(server: &RedisServer, what: &str) -> bool {
    let info = async || -> RedisResult<String> {
        let client = redis::Client::open(server.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("INFO").arg("replication").query_async(&mut connection).await
    };
    info().await.is_ok_and(|info| info.contains(what))
}
