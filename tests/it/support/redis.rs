//! A real Redis server, configured as in production.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use nix::sys::signal::Signal;
use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use super::process::Process;
use super::wall_clock::WallClock;
use super::{PATIENCE, free_port, poll};

pub(crate) struct RedisServer {
    port: u16,
    dir: TempDir,
    /// Settings besides those that all servers have in common.
    settings: Vec<String>,
    /// A clock that is not the true time.
    clock: Option<WallClock>,
    process: Mutex<Option<Process>>,
}

impl RedisServer {
    /// Starts a server on a free port, with a directory of its own.
    pub(crate) fn start() -> Self {
        Self::with(&["--appendonly", "yes"])
    }

    /// Starts a server without persistence, for tests with very many commands that never kill it.
    pub(crate) fn volatile() -> Self {
        Self::with(&["--appendonly", "no"])
    }

    /// Starts a server with these settings; without any it has no persistence.
    pub(crate) fn with(settings: &[&str]) -> Self {
        Self::on_clock(settings, None)
    }

    /// Starts a server whose wall clock is so many seconds ahead, and may be stepped.
    pub(crate) fn ahead_by(seconds: i64) -> Self {
        Self::on_clock(&["--appendonly", "yes"], Some(seconds))
    }

    fn on_clock(settings: &[&str], ahead: Option<i64>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings.iter().map(|&word| word.to_owned()).collect();
        let clock = ahead.map(|ahead| WallClock::new(dir.path(), ahead));
        let server = Self { port: free_port(), dir, settings, clock, process: Mutex::default() };
        server.restart();
        server
    }

    /// Steps the clock of a server that was started with one.
    pub(crate) fn set_ahead_by(&self, seconds: i64) {
        self.clock.as_ref().expect("the server has a clock of its own").set(seconds);
    }

    /// Returns the server of all tests that neither kill it nor count its keys; their topics have
    /// different names.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<RedisServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server, as a power cut would.
    pub(crate) fn kill9(&self) {
        self.process.lock().unwrap().take();
    }

    /// Sends a signal, for instance to suspend the server.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.lock().unwrap().as_ref().expect("the server runs").signal(signal);
    }

    /// Starts the server again, from its append-only file.
    pub(crate) fn restart(&self) {
        self.kill9();
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendfsync", "always"])
            .args(["--maxmemory", "1gb", "--maxmemory-policy", "noeviction"])
            .arg("--dir")
            .arg(self.dir.path())
            .args(&self.settings)
            .stdout(Stdio::null());
        if let Some(clock) = &self.clock {
            clock.govern(&mut command);
        }
        *self.process.lock().unwrap() = Some(Process::spawn(&mut command, self.dir.path()));
        let answers = || self.ping().then_some(());
        poll(PATIENCE, answers).expect("redis-server is installed, and answers PING");
    }

    fn ping(&self) -> bool {
        let client = redis::Client::open(self.url()).unwrap();
        // A server that is loading its file answers with an error.
        client
            .get_connection_with_timeout(Duration::from_secs(1))
            .is_ok_and(|mut connection| redis::cmd("PING").exec(&mut connection).is_ok())
    }

    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).unwrap();
        // The library's own patience is a second at the most, which is short beside other tests.
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
    }

    /// Sends one command.
    pub(crate) async fn tell<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = self.connection().await;
        redis::cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await.unwrap()
    }

    /// Returns every key with its dump, to compare them later.
    pub(crate) async fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let mut connection = self.connection().await;
        let keys: Vec<String> =
            redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
        let mut contents = BTreeMap::new();
        for key in keys {
            let value: Option<Vec<u8>> =
                redis::cmd("DUMP").arg(&key).query_async(&mut connection).await.unwrap();
            contents.insert(key, value.unwrap_or_default());
        }
        contents
    }

    /// Returns every key with what a command can read under it. A stream keeps the bytes of removed
    /// entries in its blocks, where no command finds them.
    pub(crate) async fn readable(&self) -> BTreeMap<String, Vec<u8>> {
        let mut contents = self.contents().await;
        let mut connection = self.connection().await;
        for (key, value) in &mut contents {
            let kind: String =
                redis::cmd("TYPE").arg(key).query_async(&mut connection).await.unwrap();
            if kind == "stream" {
                let mut range = redis::cmd("XRANGE");
                range.arg(key).arg("-").arg("+");
                let entries: redis::Value = range.query_async(&mut connection).await.unwrap();
                *value = format!("{entries:?}").into_bytes();
            }
        }
        contents
    }
}
