//! Lanes: moves of one partition that wait at the same time go to Redis in one call.
//!
//! A lane has one call on its way. The moves that come meanwhile are the next batch, so nothing waits for a
//! batch to fill: a move that comes alone goes alone, and a busy partition has large batches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use redis::Value;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::batch::Batch;
use super::call::ScriptCall;
use super::error::to_storage_error;
use super::reconnecting::Reconnecting;
use crate::contracts::storage::StorageError;

/// Moves in one call: enough to share its cost, few enough that others do not wait long for it.
const MAX_MOVES: usize = 64;
/// Size from which a call gets no further moves, in bytes.
const MAX_SIZE: usize = 256 * 1024;

type Reply = Result<Value, StorageError>;

/// A move, and where its reply goes.
struct Waiting {
    call: ScriptCall,
    reply: oneshot::Sender<Reply>,
}

/// Lanes of one script of moves, by the tag of the partition.
pub(super) struct Lanes {
    /// Runtime of the lanes. A caller's own may end before those of others.
    runtime: Option<Handle>,
    lanes: Mutex<HashMap<String, mpsc::UnboundedSender<Waiting>>>,
}

impl Lanes {
    /// Makes lanes that run on the runtime of the caller, or else on that of the first move.
    pub(super) fn new() -> Self {
        Self { runtime: Handle::try_current().ok(), lanes: Mutex::default() }
    }

    /// Carries out a move, together with others of its partition.
    pub(super) async fn send(&self, connection: &Arc<Reconnecting>, call: ScriptCall) -> Reply {
        let (reply, replied) = oneshot::channel();
        self.enter(connection, Waiting { call, reply });
        replied.await.unwrap_or_else(|_| {
            Err(StorageError::Unavailable("the process is stopping; try again later".to_owned()))
        })
    }

    fn enter(&self, connection: &Arc<Reconnecting>, waiting: Waiting) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = match lanes.get(&waiting.call.tag) {
            None => waiting,
            Some(lane) => match lane.send(waiting) {
                Ok(()) => return,
                // Its runtime has ended.
                Err(mpsc::error::SendError(waiting)) => waiting,
            },
        };
        let (lane, moves) = mpsc::unbounded_channel();
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        runtime.spawn(run(Arc::clone(connection), moves));
        let tag = waiting.call.tag.clone();
        // The receiver is in the task that was just spawned.
        let _ = lane.send(waiting);
        lanes.insert(tag, lane);
    }
}

/// Sends the moves that wait, batch by batch, until the lane is closed.
async fn run(connection: Arc<Reconnecting>, mut moves: mpsc::UnboundedReceiver<Waiting>) {
    while let Some(first) = moves.recv().await {
        let batch = gather(first, &mut moves);
        if !batch.is_empty() {
            carry_out(&connection, batch).await;
        }
    }
}

/// Returns the moves that wait, up to the limits. A move whose caller waits no longer is left out.
fn gather(first: Waiting, moves: &mut mpsc::UnboundedReceiver<Waiting>) -> Vec<Waiting> {
    let (mut batch, mut size, mut next) = (Vec::new(), 0, Some(first));
    while let Some(waiting) = next {
        if !waiting.reply.is_closed() {
            size += waiting.call.arguments().map(<[u8]>::len).sum::<usize>();
            batch.push(waiting);
        }
        let is_full = batch.len() == MAX_MOVES || size >= MAX_SIZE;
        next = if is_full { None } else { moves.try_recv().ok() };
    }
    batch
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
