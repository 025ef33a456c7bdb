//! What is asked of Redis: a script with its arguments, or a plain command.

use std::time::Duration;

use redis::{Cmd, ToRedisArgs};

use super::keys;
use super::link::Ask;
use super::scripts::Script;
use crate::contracts::storage::{ClaimRequest, Entry, Partition, encoding};
use crate::model::event::Facts;

/// A script about to be run.
pub(super) struct Call {
    script: &'static Script,
    tag: String,
    arguments: Vec<Vec<u8>>,
    /// Which argument says that this is asked again.
    again: Option<usize>,
    durable: bool,
    patience: Duration,
}

impl Call {
    pub(super) fn new(script: &'static Script, partition: &Partition) -> Self {
        Self {
            script,
            tag: keys::tag(partition),
            arguments: Vec::with_capacity(32),
            again: None,
            durable: true,
            patience: Duration::from_secs(5),
        }
    }

    pub(super) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        self.arguments.extend(argument.to_redis_args());
        self
    }

    pub(super) fn flag(self, flag: bool) -> Self {
        self.arg(u8::from(flag))
    }

    /// A place for the flag that says whether this is asked again.
    pub(super) fn again(mut self) -> Self {
        self.again = Some(self.arguments.len());
        self.flag(false)
    }

    /// Asked for the first time, about something that was asked before.
    pub(super) fn asked_again(mut self) -> Self {
        if let Some(index) = self.again {
            self.arguments[index] = b"1".to_vec();
        }
        self
    }

    pub(super) fn millis(self, time: Duration) -> Self {
        self.arg(crate::model::clock::millis(time))
    }

    pub(super) fn entries<'e>(self, entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        entries.into_iter().fold(self, |call, entry| {
            call.arg(entry.group.as_str()).arg(entry.id.as_str()).arg(&entry.payload)
        })
    }

    /// The keys of the lines that a claim leaves out; the last of the arguments.
    pub(super) fn closed(self, request: &ClaimRequest) -> Self {
        request.closed.iter().fold(self, |call, line| call.arg(line.as_str()))
    }

    /// Message, kinds, detail; all of them blank when there is nothing to record.
    pub(super) fn facts(self, facts: Option<&Facts>) -> Self {
        match facts {
            None => self.arg("").arg("").arg(""),
            Some(facts) => self
                .arg(facts.message.as_str())
                .arg(encoding::kinds(facts))
                .arg(encoding::detail(facts)),
        }
    }

    /// It loses nothing when it is lost, so it need not wait for replicas.
    pub(super) fn fleeting(mut self) -> Self {
        self.durable = false;
        self
    }

    pub(super) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Ask for Call {
    fn key(&self) -> &str {
        &self.tag
    }

    fn command(&self, again: bool, spelled_out: bool) -> Cmd {
        let mut command = if spelled_out {
            let mut command = redis::cmd("EVAL");
            command.arg(&self.script.source);
            command
        } else {
            let mut command = redis::cmd("EVALSHA");
            command.arg(&self.script.sha);
            command
        };
        command.arg(1).arg(&self.tag);
        for (index, argument) in self.arguments.iter().enumerate() {
            if again && Some(index) == self.again {
                command.arg(1);
            } else {
                command.arg(argument);
            }
        }
        command
    }

    fn durable(&self) -> bool {
        self.durable
    }

    fn patience(&self) -> Duration {
        self.patience
    }
}

/// A command that only looks.
pub(super) struct Look {
    pub tag: String,
    pub command: Cmd,
}

impl Ask for Look {
    fn key(&self) -> &str {
        &self.tag
    }

    fn command(&self, _: bool, _: bool) -> Cmd {
        self.command.clone()
    }

    fn durable(&self) -> bool {
        false
    }

    /// More than twice what an answer is waited for: a read whose answer did not come in time would
    /// otherwise never be asked again.
    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }
}
