//! The processes that are measured.

use std::cell::Cell;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::twilio::{Account, FakeTwilio};

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TOKEN: &str = "12345";
pub(crate) const LINE: &str = "+18005551212";

const TOPICS: &str = r#"
[topics.roulette]
transport = "twilio"
handler = "roulette"
accept_response = ""
concurrency = 32

[topics.roulette.validators]
length = { max = 1600 }
profanity = {}

[topics.roulette.sending]
concurrency = 64
"#;

pub(crate) struct Stack {
    pub(crate) twilio: FakeTwilio,
    pub(crate) port: u16,
    pub(crate) redis_url: String,
    pub(crate) web: Running,
    pub(crate) worker: Running,
    /// Texts per second, end to end, once that is known.
    pub(crate) rate: Cell<f64>,
    _redis: Running,
    _dir: TempDir,
}

/// A process that ends with its owner.
pub(crate) struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
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

impl Stack {
    pub(crate) async fn start() -> Self {
        let account = Account { sid: ACCOUNT.to_owned(), token: TOKEN.to_owned() };
        let (dir, twilio) = (tempfile::tempdir().unwrap(), FakeTwilio::start(account));
        let (redis_port, port) = (free_port(), free_port());
        let redis = Running::start(
            Command::new("redis-server")
                .args(["--port", &redis_port.to_string(), "--bind", "127.0.0.1"])
                .args(["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
                .args(["--maxmemory", "4gb", "--maxmemory-policy", "noeviction"])
                .arg("--dir")
                .arg(dir.path()),
        );
        let topics = dir.path().join("topics.toml");
        std::fs::write(&topics, TOPICS).unwrap();
        let redis_url = format!("redis://127.0.0.1:{redis_port}");
        wait_for_port(redis_port).await;
        let process = |program: &str| {
            Running::start(
                Command::new(program)
                    .env("HOST", "127.0.0.1")
                    .env("PORT", port.to_string())
                    .env("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
                    .env("REDIS_URL", &redis_url)
                    .env("TOPICS_FILE", &topics)
                    .env("SECRET_KEY", "a key that is long enough for a benchmark")
                    .env("TWILIO_ACCOUNT_SID", ACCOUNT)
                    .env("TWILIO_AUTH_TOKEN", TOKEN)
                    .env("TWILIO_FROM_NUMBER", LINE)
                    .env("TWILIO_API_BASE", twilio.url())
                    .env("RUST_LOG", "warn"),
            )
        };
        let web = process(env!("CARGO_BIN_EXE_web"));
        let worker = process(env!("CARGO_BIN_EXE_worker"));
        wait_for_port(port).await;
        let rate = Cell::new(0.0);
        Self { twilio, port, redis_url, web, worker, rate, _redis: redis, _dir: dir }
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

async fn wait_for_port(port: u16) {
    let open = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), open).await.expect("it starts in time");
}
