//! Each store against a plain model of the contract: rows of moves at random, and all rows of a few.
//!
//! A row that comes out otherwise is told with its seed and cut down to the moves that matter.

mod moves;
mod on_redis;
mod on_sqlite;
mod reference;
mod runner;

use std::sync::{Arc, Mutex};

use crosswire::contracts::storage::Storage;
use futures_util::{StreamExt, stream};

use self::moves::{Dice, Move};
use self::runner::Hook;
use crate::storage::fixture::Fixture;

/// Rows per run; `CROSSWIRE_MODEL_ROWS` asks for more.
const ROWS: u64 = 20_000;
/// Moves in each row of the small scope; `CROSSWIRE_MODEL_DEPTH` asks for more.
const DEPTH: u32 = 4;
/// Rows in a run that may go otherwise the first time only: a connection that times out takes with it
/// whatever is under way on it.
const UNREPEATABLE: usize = 2 * AT_ONCE;
/// Rows at once, so that no round trip is waited for alone.
const AT_ONCE: usize = 32;

/// A store, and a way past it to bring delayed retries to their time.
struct Bench<H> {
    storage: Arc<dyn Storage>,
    hook: H,
    unrepeatable: Mutex<Vec<String>>,
}

impl<H: Hook + Clone> Bench<H> {
    fn new(storage: Arc<dyn Storage>, hook: H) -> Self {
        Self { storage, hook, unrepeatable: Mutex::default() }
    }

    async fn run(&self, moves: &[Move]) -> Result<(), String> {
        let fixture = Fixture::new(Arc::clone(&self.storage));
        runner::run(&fixture, &mut self.hook.clone(), moves).await
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

    #[expect(clippy::print_stdout, reason = "whoever sees it fail wants to see it again")]
    async fn hold_to_rows_at_random(&self, rows: u64) {
        if let Some(seed) = knob("CROSSWIRE_MODEL_SEED") {
            return self.hold(&format!("seed {seed}"), Dice::new(seed).moves()).await;
        }
        let rows = knob("CROSSWIRE_MODEL_ROWS").unwrap_or(rows);
        let first = any_seed();
        println!("{rows} rows from seed {first}");
        stream::iter(0..rows)
            .for_each_concurrent(AT_ONCE, async |row| {
                let seed = first.wrapping_add(row);
                self.hold(&format!("seed {seed}"), Dice::new(seed).moves()).await;
            })
            .await;
    }

    async fn hold_to_every_row_of_a_small_scope(&self) {
        let depth = knob("CROSSWIRE_MODEL_DEPTH").map_or(DEPTH, |depth| depth.try_into().unwrap());
        stream::iter(moves::small_scope(depth).enumerate())
            .for_each_concurrent(AT_ONCE, async |(row, moves)| {
                self.hold(&format!("row {row}"), moves).await;
            })
            .await;
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
