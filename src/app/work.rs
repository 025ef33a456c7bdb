//! The worker process: every queue of its topics, the heartbeat, and the upkeep.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::prepare::Prepared;
use super::process::Stop;
use crate::contracts::storage::{Partition, Queue, Retention, Storage, StorageError};
use crate::engine::consumer::{Consumer, ConsumerRuntime};
use crate::engine::consumers::Consumers;
use crate::engine::janitor::Janitor;
use crate::engine::leases::Leases;
use crate::engine::topic::TopicRuntime;
use crate::model::clock::{Clock, SystemClock};
use crate::tester::{self, Board};

/// Long enough for an operator to be back from a holiday.
const DEAD_LETTERS: Duration = Duration::from_hours(30 * 24);
/// How often a draining worker looks whether it is done.
const DRAIN_LOOK: Duration = Duration::from_millis(50);

/// When a worker is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    Stopped,
    /// No message waits any more; a wake whose time has not come is none.
    Drained,
    /// One message of each queue was worked on.
    Once,
}

/// Works on the queues of all prepared topics.
pub(super) async fn work(
    prepared: &Prepared,
    storage: Arc<dyn Storage>,
    until: Until,
    stop: Stop,
) -> anyhow::Result<()> {
    let leases = Leases::new(Arc::new(SystemClock));
    let heart = Heart::start(Arc::clone(&leases), prepared.store.connect()?)?;
    let runtime = ConsumerRuntime::new(Arc::clone(&storage), leases);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let board = Arc::new(Board::new(Arc::clone(&storage), Arc::clone(&clock)));
    let consumers = Consumers { runtime, clock, groups: prepared.groups.clone() };
    let topics = prepared.services.iter().map(|topic| tester::attach(topic, &board));
    let crew: Vec<_> = topics.flat_map(|topic| consumers.of(&topic)).collect();
    let names: Vec<&str> = prepared.services.iter().map(|s| s.config.name.as_str()).collect();
    info!(topics = names.join(" "), worker = %Uuid::now_v7(), ?until, "working");
    if until == Until::Once {
        for (_, consumer) in &crew {
            consumer.step().await?;
        }
    } else {
        run(prepared, storage, crew, until, stop).await;
    }
    heart.stop();
    Ok(())
}

async fn run(
    prepared: &Prepared,
    storage: Arc<dyn Storage>,
    crew: Vec<(Queue, Arc<Consumer>)>,
    until: Until,
    stop: Stop,
) {
    let done = stop.0.child_token();
    let mut tasks = JoinSet::new();
    let queues: Vec<Queue> = crew.iter().map(|(queue, _)| queue.clone()).collect();
    for (_, consumer) in crew {
        tasks.spawn(consumer.run(done.clone()));
    }
    let janitor = Janitor::new(Arc::clone(&storage), retentions(&prepared.services));
    let stopped = done.clone();
    tasks.spawn(async move { janitor.run(stopped).await });
    if until == Until::Drained {
        done.run_until_cancelled(drained(storage.as_ref(), &queues)).await;
        done.cancel();
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            // A message that panics is caught where it is worked on; this is a defect of ours.
            error!(%error, "a part of the worker ended; the process stops");
            done.cancel();
        }
    }
}

/// Returns when no queue has had a message in it twice in a row: between two looks a message may
/// have moved from a queue that was not looked at yet into one that was.
async fn drained(storage: &dyn Storage, queues: &[Queue]) {
    let mut empty_before = false;
    loop {
        let empty = match pending(storage, queues).await {
            Ok(pending) => pending == 0,
            Err(error) => {
                warn!(%error, "waiting for the store");
                false
            }
        };
        if empty && empty_before {
            return;
        }
        empty_before = empty;
        tokio::time::sleep(DRAIN_LOOK).await;
    }
}

async fn pending(storage: &dyn Storage, queues: &[Queue]) -> Result<u64, StorageError> {
    let mut pending = 0;
    for queue in queues {
        pending += storage.depth(queue).await?.pending;
    }
    Ok(pending)
}

fn retentions(services: &[TopicRuntime]) -> Vec<(Partition, Retention)> {
    let of = |service: &TopicRuntime| {
        let retention =
            Retention { events: service.config.limits.retention, dead_letters: DEAD_LETTERS };
        service.partitions().map(|partition| (partition, retention)).collect::<Vec<_>>()
    };
    services.iter().flat_map(of).collect()
}

/// Beats on a thread and connections of its own: a handler that hogs the others must not cost a
/// message its lease.
struct Heart {
    stop: CancellationToken,
    thread: thread::JoinHandle<()>,
}

impl Heart {
    fn start(leases: Arc<Leases>, storage: Arc<dyn Storage>) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let beat = move || runtime.block_on(leases.run(storage.as_ref(), stopped));
        let thread = thread::Builder::new().name("heartbeat".to_owned()).spawn(beat);
        Ok(Self { stop, thread: thread.context("the heartbeat needs a thread")? })
    }

    /// Only when nothing is in hand any more.
    fn stop(self) {
        self.stop.cancel();
        if self.thread.join().is_err() {
            error!("the heartbeat had stopped before");
        }
    }
}
