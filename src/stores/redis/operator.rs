//! Operator's access: changes, and the erasure of what a search has found.

use async_trait::async_trait;
use redis::cmd;

use super::call::{PlainCommand, ScriptCall};
use super::keys::{self, kind_prefix};
use super::{Redis, moves, scripts};
use crate::contracts::storage::{
    Change, FeedCursor, Marks, Operator, Partition, Place, StorageError, Trace,
};
use crate::model::address::Group;

/// Number of traces that one call erases, so that other callers do not wait long.
const BATCH: usize = 64;

#[async_trait]
impl Operator for Redis {
    async fn apply(&self, partition: &Partition, change: Change) -> Result<(), StorageError> {
        self.shared.send(&moves::apply(partition, &change)).await.map(drop)
    }

    async fn search(
        &self,
        partition: &Partition,
        marks: &Marks,
    ) -> Result<Vec<Trace>, StorageError> {
        self.search_all(partition, marks).await
    }

    async fn mailbox(
        &self,
        partition: &Partition,
        group: &Group,
    ) -> Result<Vec<String>, StorageError> {
        self.mailbox_payloads(partition, group).await
    }

    async fn erase(&self, partition: &Partition, traces: &[Trace]) -> Result<(), StorageError> {
        for batch in traces.chunks(BATCH) {
            let call = ScriptCall::new(&scripts::ERASE, partition);
            self.shared.send(&batch.iter().fold(call, trace)).await?;
        }
        Ok(())
    }

    async fn erase_line(&self, feed: &str, line: &FeedCursor) -> Result<(), StorageError> {
        let key = keys::feed(feed);
        let mut command = cmd("XDEL");
        command.arg(&key).arg(line.as_str());
        self.shared.send(&PlainCommand { key, command }).await.map(drop)
    }
}

fn trace(call: ScriptCall, trace: &Trace) -> ScriptCall {
    let Trace { place, name, text, locator } = trace;
    match place {
        Place::State => call.arg("S").arg(name).arg(text).arg(""),
        Place::Pool => call.arg("P").arg(name).arg(text).arg(""),
        Place::Counter => call.arg("C").arg(name).arg("").arg(""),
        Place::Message(kind) => call.arg("M").arg(kind_prefix(*kind)).arg(name).arg(locator),
        Place::Wake => call.arg("W").arg(locator).arg("").arg(""),
        Place::DeadLetter(kind) => call.arg("D").arg(kind_prefix(*kind)).arg("").arg(locator),
        Place::Event => call.arg("E").arg(name).arg("").arg(locator),
        Place::Other => call.arg("O").arg(locator).arg("").arg(""),
    }
}
