//! Processes that are measured.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{Redis, Running, free_port, process_cpu, wait_for_port};

const TOPICS: &str = r#"
[profiles.prod]
max_connections = 12000
max_connections_per_address = 12000

[topics.bench]
sender_rate = 0
transport = "websocket"
handler = "bench_rooms"
accept_response = ""
concurrency = 64

[topics.bench.sending]
concurrency = 64

# All clients are on one machine, and more patient than people are.
[topics.bench.websocket]
rate = 1000000
burst = 1000000
address_rate = 1000000
room_rate = 1000000
max_sockets = 12000
max_sockets_per_address = 12000
"#;

/// Server that the clients talk to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// `web` and `worker`: every text is stored, handled, and sent.
    Crosswire,
    /// Web server that relays texts by Redis' pub/sub, and stores nothing.
    Plain,
}

impl Server {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Crosswire => "through the queue: web and worker",
            Self::Plain => "relaying only: a web server and Redis' pub/sub",
        }
    }

    fn processes(self) -> &'static [&'static str] {
        match self {
            Self::Crosswire => &["web", "worker"],
            Self::Plain => &["plain"],
        }
    }
}

pub(crate) struct Stack {
    pub(crate) port: u16,
    /// Processes by name, the one with the sockets first. They end before their Redis does.
    pub(crate) processes: Vec<(&'static str, Running)>,
    pub(crate) redis: Redis,
    _dir: TempDir,
}

impl Stack {
    pub(crate) async fn start(server: Server) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let topics = dir.path().join("topics.toml");
        std::fs::write(&topics, TOPICS).unwrap();
        let (port, redis) = (free_port(), Redis::start(&dir, "always").await);
        let process = |name: &&'static str| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command
                .arg(name)
                .env("HOST", "127.0.0.1")
                .env("PORT", port.to_string())
                .env("REDIS_URL", &redis.url)
                .env("TOPICS_FILE", &topics)
                .env("SECRET_KEY", "a key that is long enough for a benchmark")
                .env("RUST_LOG", "warn");
            if server == Server::Plain {
                command.arg(port.to_string()).arg(&redis.url);
            }
            (*name, Running::start(&mut command))
        };
        let processes = server.processes().iter().map(process).collect();
        wait_for_port(port).await;
        Self { port, processes, redis, _dir: dir }
    }

    /// Returns the CPU time of every process so far, Redis included.
    pub(crate) fn cpu(&self) -> Vec<(&'static str, Duration)> {
        let processes = self.processes.iter().map(|(name, process)| (*name, process));
        let all = processes.chain([("Redis", &self.redis.process)]);
        let own = ("clients", process_cpu(std::process::id()));
        all.map(|(name, process)| (name, process_cpu(process.id()))).chain([own]).collect()
    }

    /// Prints the CPU time since an earlier reading, as microseconds of each of `count` things.
    pub(crate) fn print_cpu(&self, before: &[(&'static str, Duration)], count: usize, of: &str) {
        for ((name, now), (_, before)) in self.cpu().into_iter().zip(before) {
            let micros = now.saturating_sub(*before).as_secs_f64() * 1e6 / count as f64;
            println!("  {:<24} {micros:>8.1} us", format!("{name} CPU per {of}"));
        }
    }
}
