//! A Redis Sentinel process.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};

use redis::RedisResult;
use tempfile::TempDir;
use tokio::time::{Duration, sleep, timeout};

use super::free_port;
use super::process::Process;

/// Time limit for servers to find each other, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A Sentinel that monitors a master under the name `town`.
pub(crate) struct Sentinel {
    port: u16,
    _process: Process,
    _dir: TempDir,
}

impl Sentinel {
    /// Starts a Sentinel over the master on this port; `settings` are lines of its configuration.
    pub(crate) fn start(master: u16, settings: &[String]) -> Self {
        let (port, dir) = (free_port(), tempfile::tempdir().unwrap());
        let conf = dir.path().join("sentinel.conf");
        let mut lines = vec![
            format!("port {port}"),
            "bind 127.0.0.1".to_owned(),
            format!("dir {}", dir.path().display()),
            format!("sentinel monitor town 127.0.0.1 {master} 1"),
            "sentinel down-after-milliseconds town 1000".to_owned(),
            "sentinel failover-timeout town 5000".to_owned(),
        ];
        lines.extend_from_slice(settings);
        fs::write(&conf, lines.join("\n")).unwrap();
        let mut command = Command::new("redis-server");
        command.arg(&conf).arg("--sentinel").stdout(Stdio::null());
        Self { port, _process: Process::spawn(&mut command, dir.path()), _dir: dir }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Lets it monitor another master under the name.
    pub(crate) async fn watch(&self, master: u16) {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        let mut sentinel = client.get_multiplexed_async_connection().await.unwrap();
        let port = master.to_string();
        for words in [&["REMOVE", "town"][..], &["MONITOR", "town", "127.0.0.1", &port, "1"]] {
            let () = redis::cmd("SENTINEL").arg(words).query_async(&mut sentinel).await.unwrap();
        }
    }

    /// Waits until the Sentinel knows this number of replicas that can take over.
    pub(crate) async fn wait_for_replicas(&self, replicas: usize) {
        let known = async {
            while self.replicas().await.ok() != Some(replicas) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(TIMEOUT, known).await.expect("the sentinel knows the replicas");
    }

    async fn replicas(&self) -> RedisResult<usize> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        let mut sentinel = client.get_multiplexed_async_connection().await?;
        let mut command = redis::cmd("SENTINEL");
        let known: Vec<HashMap<String, String>> =
            command.arg("REPLICAS").arg("town").query_async(&mut sentinel).await?;
        let ready = |replica: &&HashMap<String, String>| {
            replica["flags"] == "slave" && replica["master-link-status"] == "ok"
        };
        Ok(known.iter().filter(ready).count())
    }
}
