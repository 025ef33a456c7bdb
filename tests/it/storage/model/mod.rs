//! Redis against a plain model of the contract: rows of moves at random, and all rows of a few.
//!
//! A row that comes out otherwise is told with its seed and cut down to the moves that matter.

mod moves;
mod reference;
mod runner;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crosswire::address::Group;
use crosswire::storage::redis::{Redis, Settings};
use crosswire::storage::{Queue, Side, Storage};
use futures_util::{StreamExt, stream};
use redis::aio::MultiplexedConnection;
use secrecy::SecretString;

use self::moves::{Dice, Move};
use self::runner::Hook;
use crate::storage::fixture::Fixture;
use crate::support::redis::RedisServer;

/// Rows per run; `CROSSWIRE_MODEL_ROWS` asks for more.
const ROWS: u64 = 20_000;
/// Moves in each row of the small scope; `CROSSWIRE_MODEL_DEPTH` asks for more.
const DEPTH: u32 = 4;
/// Rows in a run that may go otherwise the first time only: a connection that times out takes with it
/// whatever is under way on it.
const UNREPEATABLE: usize = 2 * AT_ONCE;
/// Rows at once, so that no round trip is waited for alone.
const AT_ONCE: usize = 32;

#[derive(Clone)]
struct DirectRedis(MultiplexedConnection);

impl Hook for DirectRedis {
    async fn fall_due(&mut self, queue: &Queue, groups: &[Group]) {
        let side = if queue.side == Side::Inbound { "in" } else { "out" };
        let key = format!("{{{}}}{side}:delay", queue.partition);
        for group in groups {
            let mut command = redis::cmd("ZADD");
            command.arg(&key).arg("XX").arg(0).arg(group.as_str());
            command.exec_async(&mut self.0).await.unwrap();
        }
    }
}

/// A server, and both ways to it.
struct Bench {
    storage: Arc<dyn Storage>,
    direct: DirectRedis,
    unrepeatable: Mutex<Vec<String>>,
    _server: RedisServer,
}

impl Bench {
    async fn new() -> Self {
        let server = RedisServer::volatile();
        let url = SecretString::from(server.url());
        let settings = Settings { url, verify_tls: true, wait_replicas: 0 };
        let client = redis::Client::open(server.url()).unwrap();
        // Rows wait for each other on one server; the default of half a second is too short then.
        let config =
            redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(30)));
        let direct = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
        let storage = Arc::new(Redis::connect(settings).await.unwrap());
        Self {
            storage,
            direct: DirectRedis(direct),
            unrepeatable: Mutex::default(),
            _server: server,
        }
    }

    async fn run(&self, moves: &[Move]) -> Result<(), String> {
        let fixture = Fixture::new(Arc::clone(&self.storage));
        runner::run(&fixture, &mut self.direct.clone(), moves).await
    }

    /// Leaves out one move after the other as long as the rest still diverges.
    async fn cut_down(&self, mut moves: Vec<Move>, mut why: String) -> String {
        let mut at = moves.len();
        while at > 0 {
            at -= 1;
            let mut fewer = moves.clone();
            fewer.remove(at);
            if let Err(shorter) = self.run(&fewer).await {
                (moves, why) = (fewer, shorter);
                at = at.min(moves.len());
            }
        }
        let moves: Vec<_> = moves.iter().map(|one| format!("  {one:?}")).collect();
        format!("{}\n{why}", moves.join("\n"))
    }

    /// A row is fixed and has a topic of its own, so that it diverges every time if it does. What
    /// happens once was a reply that did not come in time on a busy machine; which is rare.
    async fn hold(&self, name: &str, moves: Vec<Move>) {
        let Err(first) = self.run(&moves).await else { return };
        if let Err(why) = self.run(&moves).await {
            panic!("{name} diverges:\n{}", self.cut_down(moves, why).await);
        }
        let mut unrepeatable = self.unrepeatable.lock().unwrap();
        unrepeatable.push(format!("{name}: {first}"));
        assert!(unrepeatable.len() < UNREPEATABLE, "too much happens once: {unrepeatable:#?}");
    }
}

/// Set by a person who wants more rows, or one row again.
#[expect(clippy::disallowed_methods, reason = "a test's own knobs are no configuration")]
fn knob(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

fn any_seed() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_does_what_the_model_does_over_rows_of_moves_at_random() {
    let bench = Bench::new().await;
    if let Some(seed) = knob("CROSSWIRE_MODEL_SEED") {
        return bench.hold(&format!("seed {seed}"), Dice::new(seed).moves()).await;
    }
    let rows = knob("CROSSWIRE_MODEL_ROWS").unwrap_or(ROWS);
    let first = any_seed();
    println!("{rows} rows from seed {first}");
    stream::iter(0..rows)
        .for_each_concurrent(AT_ONCE, async |row| {
            let seed = first.wrapping_add(row);
            bench.hold(&format!("seed {seed}"), Dice::new(seed).moves()).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_does_what_the_model_does_over_every_row_of_a_small_scope() {
    let bench = Bench::new().await;
    let depth = knob("CROSSWIRE_MODEL_DEPTH").map_or(DEPTH, |depth| depth.try_into().unwrap());
    stream::iter(moves::small_scope(depth).enumerate())
        .for_each_concurrent(AT_ONCE, async |(row, moves)| {
            bench.hold(&format!("row {row}"), moves).await;
        })
        .await;
}
