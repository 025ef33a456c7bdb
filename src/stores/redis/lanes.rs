//! Lanes: moves of one partition that wait at the same time go to Redis in one call.
//!
//! A lane has one call on its way, and more only while each of them is full. The moves that come meanwhile are
//! the next batch, so nothing waits for a batch to fill: a move that comes alone goes alone, and a busy
//! partition has large batches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::Value;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::batch::Batch;
use super::call::ScriptCall;
use super::error::to_storage_error;
use super::lane::{Lane, NotTaken, Reply, Waiting};
use super::reconnecting::Reconnecting;
use crate::contracts::storage::StorageError;

/// Lanes of one script of moves, by the tag of the partition.
pub(super) struct Lanes {
    /// Refuses moves that would be carried out too late.
    shed: bool,
    /// Runtime of the lanes. A caller's own may end before those of others.
    runtime: Option<Handle>,
    by_tag: Mutex<HashMap<String, Arc<Lane>>>,
}

/// The service of a lane, which closes with it.
struct Service(Arc<Lane>);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Lanes {
    /// Makes lanes that run on the runtime of the caller, or else on that of the first move.
    pub(super) fn new() -> Self {
        Self::of(false)
    }

    /// Makes such lanes for moves whose callers do not wait long, and may come again.
    pub(super) fn shedding() -> Self {
        Self::of(true)
    }

    fn of(shed: bool) -> Self {
        Self { shed, runtime: Handle::try_current().ok(), by_tag: Mutex::default() }
    }

    /// Carries out a move, together with others of its partition.
    pub(super) async fn send(&self, connection: &Arc<Reconnecting>, call: ScriptCall) -> Reply {
        let (reply, replied) = oneshot::channel();
        self.enter(connection, Waiting { call, reply })?;
        replied.await.unwrap_or_else(|_| {
            Err(StorageError::Unavailable("the process is stopping; try again later".to_owned()))
        })
    }

    fn enter(
        &self,
        connection: &Arc<Reconnecting>,
        mut waiting: Waiting,
    ) -> Result<(), StorageError> {
        let mut lanes = self.by_tag.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(lane) = lanes.get(&waiting.call.tag) {
            waiting = match lane.add(waiting, now) {
                Ok(()) => return Ok(()),
                Err(NotTaken::TooMuch) => return Err(too_much()),
                // Its runtime has ended.
                Err(NotTaken::Closed(waiting)) => *waiting,
            };
        }
        let (tag, lane) = (waiting.call.tag.clone(), Arc::new(Lane::new(self.shed)));
        // It is empty, and takes anything.
        let _ = lane.add(waiting, now);
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        runtime.spawn(run(Service(Arc::clone(&lane)), Arc::clone(connection)));
        lanes.insert(tag, lane);
        Ok(())
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        let lanes = self.by_tag.get_mut().unwrap_or_else(PoisonError::into_inner);
        for lane in lanes.values() {
            lane.close();
        }
    }
}

fn too_much() -> StorageError {
    StorageError::Unavailable("too much waits for Redis; try again later".to_owned())
}

/// Sends the moves that wait, batch by batch, until the lane is closed.
async fn run(service: Service, connection: Arc<Reconnecting>) {
    let lane = service.0.as_ref();
    let mut underway = FuturesUnordered::new();
    let mut is_open = true;
    while is_open {
        while let Some(batch) = lane.next_batch(underway.len(), !connection.lacks_replicas()) {
            underway.push(carry_out(&connection, batch));
        }
        tokio::select! {
            Some(()) = underway.next() => {}
            open = lane.changed() => is_open = open,
        }
    }
    while underway.next().await.is_some() {}
}

async fn carry_out(connection: &Reconnecting, batch: Vec<Waiting>) {
    let (calls, callers): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|Waiting { call, reply }| (call, reply)).unzip();
    let replies = match connection.send(&Batch::new(calls)).await {
        Ok(Value::Array(replies)) if replies.len() == callers.len() => {
            replies.into_iter().map(one_reply).collect()
        }
        Ok(_) => {
            let corrupt = "a batch with another number of replies than moves".to_owned();
            vec![Err(StorageError::Corrupt(corrupt)); callers.len()]
        }
        Err(error) => vec![Err(error); callers.len()],
    };
    for (caller, reply) in callers.into_iter().zip(replies) {
        // A caller that waits no longer needs no reply.
        let _ = caller.send(reply);
    }
}

/// Reads the reply of one move. Only one that failed has a status for its reply, with the error.
fn one_reply(reply: Value) -> Reply {
    let Value::SimpleString(error) = reply else { return Ok(reply) };
    let (code, detail) = error.split_once(' ').unwrap_or((&error, ""));
    let error = redis::make_extension_error(code.to_owned(), Some(detail.to_owned()));
    Err(to_storage_error(&error))
}
