//! Processes that are measured.

use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::load::Load;
use crate::provider::Provider;
use crate::support::{Redis, Running, free_port, wait_for_port};

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TOKEN: &str = "12345";
pub(crate) const LINE: &str = "+18005551212";

const TOPICS: &str = r#"
[topics.roulette]
sender_rate = 0
transport = "twilio"
handler = "roulette"
accept_response = ""
concurrency = 32
# A backlog is a measurement here.
max_depth = 10000000
max_group_depth = 1000000
max_recipient_depth = 1000000

# The load is faster than people are.
[topics.roulette.properties]
loop_guard = false

[topics.roulette.validators]
length = { max = 1600 }
profanity = {}

[topics.roulette.sending]
concurrency = 64

# Providers call from many addresses; the load has one.
[profiles.prod]
max_connections = 4096
max_connections_per_address = 4096
"#;

/// Store that the pipeline runs on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// `web` and `worker`, with a Redis that syncs its file every second.
    Redis,
    /// `crosswire standalone`, with a file that is synced at every commit.
    Embedded,
}

impl Store {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis",
            Self::Embedded => "the embedded store",
        }
    }
}

pub(crate) struct Stack {
    pub(crate) provider: Arc<Provider>,
    pub(crate) port: u16,
    /// Processes by name. They end before their store does.
    processes: Vec<(&'static str, Running)>,
    pub(crate) redis: Option<Redis>,
    pub(crate) dir: TempDir,
}

impl Stack {
    /// Starts a store and all processes.
    pub(crate) async fn start(store: Store) -> Self {
        let mut stack = Self::prepare(store).await;
        stack.run_all().await;
        stack
    }

    /// Starts a store without processes.
    pub(crate) async fn prepare(store: Store) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("topics.toml"), TOPICS).unwrap();
        let redis = match store {
            Store::Redis => Some(Redis::start(&dir, "everysec").await),
            Store::Embedded => None,
        };
        let (provider, port) = (Provider::start().await, free_port());
        Self { provider, port, processes: Vec::new(), redis, dir }
    }

    pub(crate) async fn run_all(&mut self) {
        if self.redis.is_some() {
            self.run("web", env!("CARGO_BIN_EXE_web"), &[]);
            self.run_worker();
        } else {
            self.run("standalone", env!("CARGO_BIN_EXE_crosswire"), &["standalone"]);
        }
        wait_for_port(self.port).await;
    }

    pub(crate) fn run_worker(&mut self) {
        self.run("worker", env!("CARGO_BIN_EXE_worker"), &[]);
    }

    fn run(&mut self, name: &'static str, program: &str, arguments: &[&str]) {
        let process = Running::start(
            Command::new(program)
                .args(arguments)
                .env("HOST", "127.0.0.1")
                .env("PORT", self.port.to_string())
                .env("PUBLIC_URL", format!("http://127.0.0.1:{}", self.port))
                .env("REDIS_URL", self.redis.as_ref().map_or("", |redis| redis.url.as_str()))
                .env("DATA_DIR", self.dir.path())
                .env("TOPICS_FILE", self.dir.path().join("topics.toml"))
                .env("SECRET_KEY", "a key that is long enough for a benchmark")
                .env("TWILIO_ACCOUNT_SID", ACCOUNT)
                .env("TWILIO_AUTH_TOKEN", TOKEN)
                .env("TWILIO_FROM_NUMBER", LINE)
                .env("TWILIO_API_BASE", self.provider.url())
                .env("RUST_LOG", "error"),
        );
        self.processes.push((name, process));
    }

    /// Kills the processes of a name, or all.
    pub(crate) fn stop(&mut self, name: Option<&str>) {
        self.processes.retain(|(it, _)| name.is_some_and(|name| *it != name));
    }

    /// Returns the ids of the processes by name, Redis included.
    pub(crate) fn ids(&self) -> Vec<(&'static str, u32)> {
        let redis = self.redis.iter().map(|redis| ("Redis", redis.process.id()));
        let processes = self.processes.iter().map(|(name, process)| (*name, process.id()));
        processes.chain(redis).collect()
    }

    pub(crate) fn load(&self) -> Load {
        Load::new(self.port, "/queue/roulette")
    }

    /// Connects phones with each other, in pairs.
    pub(crate) async fn pair(&self, load: &Load, phones: std::ops::Range<usize>) {
        let all = self.provider.paired() + phones.len();
        load.send_all(load.connects(phones)).await;
        self.provider.wait_until(crate::PATIENCE, || self.provider.paired() >= all).await;
    }
}
