//! Model-based tests: each store against a plain model of the contract, over random sequences of
//! moves and over every short sequence.
//!
//! A sequence with different results is reported with its seed, reduced to the moves that matter.

mod calls;
mod moves;
mod on_redis;
mod on_sqlite;
mod reference;
mod runner;

use std::sync::{Arc, Mutex};

use crosswire::contracts::storage::Storage;
use futures_util::{StreamExt, stream};

use self::moves::{Move, MoveGenerator};
use self::runner::DirectAccess;
use crate::storage::fixture::Fixture;

/// Number of random sequences per run; `CROSSWIRE_MODEL_SEQUENCES` overrides it.
const SEQUENCES: u64 = 20_000;
/// Number of moves in each short sequence; `CROSSWIRE_MODEL_DEPTH` overrides it.
const DEPTH: u32 = 4;
/// Number of divergences that do not repeat, at which a run fails. A connection that times out fails
/// every call in progress on it, so a few are tolerated.
const UNREPEATABLE: usize = 2 * CONCURRENCY;
/// Number of concurrent sequences, so that their round trips overlap.
const CONCURRENCY: usize = 32;

/// A store under test, and direct access to it that makes delayed retries due.
struct ModelTest<D> {
    storage: Arc<dyn Storage>,
    direct: D,
    unrepeatable: Mutex<Vec<String>>,
}

impl<D: DirectAccess + Clone> ModelTest<D> {
    fn new(storage: Arc<dyn Storage>, direct: D) -> Self {
        Self { storage, direct, unrepeatable: Mutex::default() }
    }

    async fn run(&self, moves: &[Move]) -> Result<(), String> {
        let fixture = Fixture::new(Arc::clone(&self.storage));
        runner::run(&fixture, &mut self.direct.clone(), moves).await
    }

    /// Removes one move after the other as long as the rest still diverges.
    async fn reduce(&self, mut moves: Vec<Move>, mut why: String) -> String {
        let mut at = moves.len();
        while at > 0 {
            at -= 1;
            for fewer in moves::without(&moves, at) {
                if let Err(shorter) = self.run(&fewer).await {
                    // What is left of moves that were issued together is tried again.
                    at += usize::from(fewer.len() == moves.len());
                    (moves, why) = (fewer, shorter);
                    break;
                }
            }
        }
        let moves: Vec<_> = moves.iter().map(|one| format!("  {one:?}")).collect();
        format!("{}\n{why}", moves.join("\n"))
    }

    /// Runs a sequence and panics if it diverges twice. A sequence is deterministic and has a topic of
    /// its own; a divergence that does not repeat was a late reply on a busy machine, which is rare.
    async fn check(&self, name: &str, moves: Vec<Move>) {
        let Err(first) = self.run(&moves).await else { return };
        if let Err(why) = self.run(&moves).await {
            panic!("{name} diverges:\n{}", self.reduce(moves, why).await);
        }
        let mut unrepeatable = self.unrepeatable.lock().unwrap();
        unrepeatable.push(format!("{name}: {first}"));
        assert!(
            unrepeatable.len() < UNREPEATABLE,
            "too many divergences do not repeat: {unrepeatable:#?}"
        );
    }

    #[expect(clippy::print_stdout, reason = "the seed repeats a failure")]
    async fn check_random_sequences(&self, count: u64) {
        if let Some(seed) = env_number("CROSSWIRE_MODEL_SEED") {
            return self.check(&format!("seed {seed}"), MoveGenerator::new(seed).moves()).await;
        }
        let count = env_number("CROSSWIRE_MODEL_SEQUENCES").unwrap_or(count);
        let first = random_seed();
        println!("{count} sequences from seed {first}");
        stream::iter(0..count)
            .for_each_concurrent(CONCURRENCY, async |index| {
                let seed = first.wrapping_add(index);
                self.check(&format!("seed {seed}"), MoveGenerator::new(seed).moves()).await;
            })
            .await;
    }

    async fn check_every_short_sequence(&self) {
        let depth =
            env_number("CROSSWIRE_MODEL_DEPTH").map_or(DEPTH, |depth| depth.try_into().unwrap());
        stream::iter(moves::short_sequences(depth).enumerate())
            .for_each_concurrent(CONCURRENCY, async |(index, moves)| {
                self.check(&format!("sequence {index}"), moves).await;
            })
            .await;
    }
}

/// Returns a number that a developer set in the environment, for more sequences or to repeat one.
#[expect(clippy::disallowed_methods, reason = "options of a test are not configuration")]
fn env_number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

fn random_seed() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}
