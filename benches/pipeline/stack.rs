//! Processes that are measured.

use std::process::Command;

use tempfile::TempDir;

use crate::support::{Redis, Running, free_port, wait_for_port};
use crate::twilio::{Account, FakeTwilio};

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

# The load is faster than people are.
[topics.roulette.properties]
loop_guard = false

[topics.roulette.validators]
length = { max = 1600 }
profanity = {}

[topics.roulette.sending]
concurrency = 64
"#;

/// Store that the pipeline runs on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// `web` and `worker`, with a Redis that syncs every write.
    Redis,
    /// `crosswire standalone`, with a file that is synced at every commit.
    Sqlite,
}

pub(crate) struct Stack {
    pub(crate) twilio: FakeTwilio,
    pub(crate) port: u16,
    /// Processes by name. They end before their store does.
    pub(crate) processes: Vec<(&'static str, Running)>,
    pub(crate) redis: Option<Redis>,
    _dir: TempDir,
}

impl Stack {
    pub(crate) async fn start(store: Store) -> Self {
        let account = Account { sid: ACCOUNT.to_owned(), token: TOKEN.to_owned() };
        let (dir, twilio) = (tempfile::tempdir().unwrap(), FakeTwilio::start(account));
        let topics = dir.path().join("topics.toml");
        std::fs::write(&topics, TOPICS).unwrap();
        let port = free_port();
        let redis = match store {
            Store::Redis => Some(Redis::start(&dir).await),
            Store::Sqlite => None,
        };
        let process = |program: &str, arguments: &[&str]| {
            Running::start(
                Command::new(program)
                    .args(arguments)
                    .env("HOST", "127.0.0.1")
                    .env("PORT", port.to_string())
                    .env("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
                    .env("REDIS_URL", redis.as_ref().map_or("", |redis| redis.url.as_str()))
                    .env("DATA_DIR", dir.path())
                    .env("TOPICS_FILE", &topics)
                    .env("SECRET_KEY", "a key that is long enough for a benchmark")
                    .env("TWILIO_ACCOUNT_SID", ACCOUNT)
                    .env("TWILIO_AUTH_TOKEN", TOKEN)
                    .env("TWILIO_FROM_NUMBER", LINE)
                    .env("TWILIO_API_BASE", twilio.url())
                    .env("RUST_LOG", "warn"),
            )
        };
        let processes = match store {
            Store::Redis => vec![
                ("web", process(env!("CARGO_BIN_EXE_web"), &[])),
                ("worker", process(env!("CARGO_BIN_EXE_worker"), &[])),
            ],
            Store::Sqlite => {
                vec![("standalone", process(env!("CARGO_BIN_EXE_crosswire"), &["standalone"]))]
            }
        };
        wait_for_port(port).await;
        Self { twilio, port, processes, redis, _dir: dir }
    }
}
