//! Requests to Redis: a script with its arguments, or a plain command.

use std::time::Duration;

use redis::{Arg, Cmd, ToRedisArgs};

use super::keys;
use super::reconnecting::Request;
use super::scripts::Script;
use crate::contracts::storage::{ClaimRequest, Entry, Partition, encoding};
use crate::model::address::LineKey;
use crate::model::clock::millis;
use crate::model::event::Facts;

/// A call of a script, or of one move of a script of moves, which a batch carries out.
pub(super) struct ScriptCall {
    pub(super) script: &'static Script,
    pub(super) tag: String,
    /// Name of the move; empty in the call of a script of its own.
    pub(super) name: &'static str,
    /// The arguments alone.
    arguments: Cmd,
    /// Index of the argument that marks a repeated call.
    repeated: Option<usize>,
    pub(super) waits_for_replicas: bool,
    pub(super) patience: Duration,
}

impl ScriptCall {
    pub(super) fn new(script: &'static Script, partition: &Partition) -> Self {
        Self::on_key(script, keys::tag(partition))
    }

    /// Makes a call of a script that takes a key instead of the tag of a partition.
    pub(super) fn on_key(script: &'static Script, key: String) -> Self {
        Self {
            script,
            tag: key,
            name: "",
            arguments: Cmd::new(),
            repeated: None,
            waits_for_replicas: true,
            patience: Duration::from_secs(5),
        }
    }

    /// Makes a call of a move.
    pub(super) fn of_move(
        script: &'static Script,
        name: &'static str,
        partition: &Partition,
    ) -> Self {
        Self { name, ..Self::new(script, partition) }
    }

    /// The arguments, in their order.
    pub(super) fn arguments(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.arguments.args_iter().map(|argument| match argument {
            Arg::Simple(bytes) => bytes,
            _ => unreachable!("only a scan has a cursor"),
        })
    }

    pub(super) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        self.arguments.arg(argument);
        self
    }

    pub(super) fn flag(self, flag: bool) -> Self {
        self.arg(u8::from(flag))
    }

    /// Adds the flag that marks a repeated call.
    pub(super) fn repeated_flag(mut self) -> Self {
        let index = self.arguments().len();
        self.repeated = Some(index);
        self.flag(false)
    }

    pub(super) fn millis(self, time: Duration) -> Self {
        self.arg(millis(time))
    }

    pub(super) fn entries<'e>(self, entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        entries.into_iter().fold(self, |call, entry| {
            call.arg(entry.group.as_str()).arg(entry.id.as_str()).arg(&entry.payload)
        })
    }

    /// Adds a request for claims, or blanks when there is none.
    pub(super) fn request(self, request: Option<&ClaimRequest>) -> Self {
        let Some(request) = request else { return self.arg("").arg("") };
        let terms = [millis(request.lease), request.max as u64, request.reclaim.into()];
        let closed = request.closed.iter().map(LineKey::as_str);
        let terms = terms.map(|term| term.to_string());
        let terms: Vec<&str> = terms.iter().map(String::as_str).chain(closed).collect();
        self.arg(request.token.as_str()).arg(terms.join(","))
    }

    /// Adds numbers as one argument, since each argument costs more than to find a number in it. Greater
    /// ones than a script can hold, which are limits that nothing reaches, become the greatest that it can.
    pub(super) fn numbers<const N: usize>(self, numbers: [u64; N]) -> Self {
        self.arg(numbers.map(|number| number.min(1 << 53).to_string()).join(","))
    }

    /// Adds the key and the value by which the provider's id of an outbound message is noted, and how
    /// long; blanks when there is nothing to note.
    pub(super) fn noted(self, facts: &Facts) -> Self {
        let (key, id) = encoding::outbound_ids(facts)
            .map_or_else(Default::default, |(ours, theirs)| (encoding::noted_key(ours), theirs));
        self.arg(key).arg(id).millis(encoding::NOTED)
    }

    /// Adds message, kinds and detail; blanks when there is nothing to record.
    pub(super) fn facts(self, facts: Option<&Facts>) -> Self {
        match facts {
            None => self.arg("").arg("").arg(""),
            Some(facts) => self
                .arg(facts.message.as_str())
                .arg(encoding::kinds(facts))
                .arg(encoding::detail(facts)),
        }
    }

    /// Skips the wait for replicas, for a call whose loss loses nothing.
    pub(super) fn without_replicas(mut self) -> Self {
        self.waits_for_replicas = false;
        self
    }

    pub(super) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Request for ScriptCall {
    fn key(&self) -> &str {
        &self.tag
    }

    fn command(&self, is_repeated: bool, with_source: bool) -> Cmd {
        let mut command = self.script.command(&self.tag, with_source);
        for (index, argument) in self.arguments().enumerate() {
            if is_repeated && Some(index) == self.repeated {
                command.arg(1);
            } else {
                command.arg(argument);
            }
        }
        command
    }

    fn waits_for_replicas(&self) -> bool {
        self.waits_for_replicas
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

/// A plain command, which may be repeated and does not wait for replicas.
pub(super) struct PlainCommand {
    pub key: String,
    pub command: Cmd,
}

impl Request for PlainCommand {
    fn key(&self) -> &str {
        &self.key
    }

    fn command(&self, _: bool, _: bool) -> Cmd {
        self.command.clone()
    }

    fn waits_for_replicas(&self) -> bool {
        false
    }

    /// More than twice the response timeout, so that a read whose reply timed out is repeated.
    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }
}
