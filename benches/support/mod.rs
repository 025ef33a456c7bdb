//! Processes that benches measure, and the Redis that they run on.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// The kernel counts a process's CPU time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// Redis with an append-only file.
pub(crate) struct Redis {
    pub(crate) url: String,
    pub(crate) process: Running,
}

impl Redis {
    /// Starts it with a value of `appendfsync`.
    pub(crate) async fn start(dir: &TempDir, sync: &str) -> Self {
        let port = free_port();
        let process = Running::start(
            Command::new("redis-server")
                .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
                .args(["--save", "", "--appendonly", "yes", "--appendfsync", sync])
                .args(["--maxmemory", "12gb", "--maxmemory-policy", "noeviction"])
                .arg("--dir")
                .arg(dir.path()),
        );
        wait_for_port(port).await;
        Self { url: format!("redis://127.0.0.1:{port}"), process }
    }
}

/// A process that ends with its owner.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

pub(crate) async fn wait_for_port(port: u16) {
    let open = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), open).await.expect("the process starts in time");
}

/// Returns the user and system time of a process, the 14th and 15th field of its `stat`.
pub(crate) fn process_cpu(id: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u32 =
        fields.split_whitespace().skip(11).take(2).map(|t| t.parse::<u32>().unwrap()).sum();
    TICK * ticks
}
