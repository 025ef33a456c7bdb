//! Batch: moves of one partition that go to Redis in one call.

use std::time::Duration;

use redis::Cmd;

use super::call::ScriptCall;
use super::reconnecting::Request;

/// Moves of one partition and one script, which are carried out in their order.
pub(super) struct Batch {
    moves: Vec<ScriptCall>,
    /// An earlier call may have taken effect.
    is_repeated: bool,
}

impl Batch {
    /// Makes a batch of moves, of which there is at least one.
    pub(super) fn new(moves: Vec<ScriptCall>) -> Self {
        Self { moves, is_repeated: false }
    }

    /// Makes the repetition of a move whose reply was lost.
    pub(super) fn repeated(one: ScriptCall) -> Self {
        Self { moves: vec![one], is_repeated: true }
    }

    fn first(&self) -> &ScriptCall {
        self.moves.first().expect("a batch has a move")
    }
}

impl Request for Batch {
    fn key(&self) -> &str {
        &self.first().tag
    }

    fn command(&self, is_repeated: bool, with_source: bool) -> Cmd {
        let first = self.first();
        let mut command = first.script.command(&first.tag, with_source);
        command.arg(u8::from(is_repeated || self.is_repeated)).arg(self.moves.len());
        for one in &self.moves {
            command.arg(one.name).arg(one.arguments().len());
            for argument in one.arguments() {
                command.arg(argument);
            }
        }
        command
    }

    fn waits_for_replicas(&self) -> bool {
        self.moves.iter().any(|one| one.waits_for_replicas)
    }

    /// Patience of its least patient move.
    fn patience(&self) -> Duration {
        self.moves.iter().map(|one| one.patience).min().unwrap_or_default()
    }
}
