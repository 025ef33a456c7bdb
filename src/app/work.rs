//! The worker process: consumers of all queues, the heartbeat of their leases, and the upkeep.

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
use crate::engine::jobs::Jobs;
use crate::engine::leases::Leases;
use crate::engine::processes::Recorder;
use crate::engine::timekeeper::Timekeeper;
use crate::engine::topic::TopicRuntime;
use crate::model::clock::{Clock, SystemClock};
use crate::tester::{self, Board};

/// Retention of dead letters: long enough for an operator to be back from a holiday.
const DEAD_LETTERS: Duration = Duration::from_hours(30 * 24);
/// Pause between two checks of a draining worker for empty queues.
const DRAIN_CHECK: Duration = Duration::from_millis(50);

/// The end of a worker's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// A stop of the process.
    Stopped,
    /// Empty queues. A wake that is not due yet does not count.
    Drained,
    /// One message of each queue.
    Once,
}

/// Runs the consumers of all prepared topics.
pub(super) async fn work(
    prepared: &Prepared,
    storage: Arc<dyn Storage>,
    until: Until,
    stop: Stop,
) -> anyhow::Result<()> {
    let Recorder { figures, leases } = prepared.recorder.clone();
    let heartbeat = Heartbeat::start(Arc::clone(&leases), prepared.store.connect()?)?;
    let runtime = ConsumerRuntime::new(Arc::clone(&storage), leases).recorded_by(figures);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let board = Arc::new(Board::new(Arc::clone(&storage), Arc::clone(&clock)));
    prepared.start_transports(&storage);
    let consumers = Consumers { runtime, clock, groups: prepared.groups.clone() };
    let topics = prepared.services.iter().map(|topic| tester::attach(topic, &board));
    let consumers: Vec<_> = topics.flat_map(|topic| consumers.of(&topic)).collect();
    let names: Vec<&str> = prepared.services.iter().map(|s| s.config.name.as_str()).collect();
    info!(topics = names.join(" "), worker = %Uuid::now_v7(), ?until, "worker started");
    if until == Until::Once {
        // Until somebody has looked at the clock, no lease and no retry ends.
        timekeeper(prepared, &storage).step().await?;
        for (_, consumer) in &consumers {
            consumer.step().await?;
        }
    } else {
        run(prepared, storage, consumers, until, stop).await;
    }
    heartbeat.stop();
    Ok(())
}

async fn run(
    prepared: &Prepared,
    storage: Arc<dyn Storage>,
    consumers: Vec<(Queue, Arc<Consumer>)>,
    until: Until,
    stop: Stop,
) {
    let done = stop.0.child_token();
    let mut tasks = JoinSet::new();
    let queues: Vec<Queue> = consumers.iter().map(|(queue, _)| queue.clone()).collect();
    for (_, consumer) in consumers {
        tasks.spawn(consumer.run(done.clone()));
    }
    let janitor = Janitor::new(Arc::clone(&storage), retentions(&prepared.services));
    let stopped = done.clone();
    tasks.spawn(async move { janitor.run(stopped).await });
    let (timekeeper, stopped) = (timekeeper(prepared, &storage), done.clone());
    tasks.spawn(async move { timekeeper.run(stopped).await });
    if until == Until::Stopped {
        let jobs = Jobs::new(Arc::clone(&storage), Arc::new(SystemClock), &prepared.services);
        let stopped = done.clone();
        tasks.spawn(async move { jobs.run(stopped).await });
    }
    if until == Until::Drained {
        tell_of_pauses(storage.as_ref(), &prepared.services).await;
        done.run_until_cancelled(drained(storage.as_ref(), &queues)).await;
        done.cancel();
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            // A handler's panic is caught by its consumer; this one is a defect of the engine.
            error!(%error, "worker task panicked; stopping the process");
            done.cancel();
        }
    }
}

/// Logs which topics an operator has paused: their queues do not become empty.
async fn tell_of_pauses(storage: &dyn Storage, services: &[TopicRuntime]) {
    for service in services {
        let name = &service.config.name;
        // Draining waits for a store that is away, and says so.
        let pauses = storage.pauses(name).await.unwrap_or_default();
        if pauses.iter().any(|pause| pause.scope.is_topic()) {
            warn!(
                topic.name = %name,
                "topic is paused by an operator; its messages wait for `crosswire resume`"
            );
        }
    }
}

/// Returns when all queues were empty twice in a row: during one pass a message may move from a queue
/// that was not read yet into one that was.
async fn drained(storage: &dyn Storage, queues: &[Queue]) {
    let mut empty_before = false;
    loop {
        let empty = match pending(storage, queues).await {
            Ok(pending) => pending == 0,
            Err(error) => {
                warn!(%error, "store is unavailable; waiting for it");
                false
            }
        };
        if empty && empty_before {
            return;
        }
        empty_before = empty;
        tokio::time::sleep(DRAIN_CHECK).await;
    }
}

async fn pending(storage: &dyn Storage, queues: &[Queue]) -> Result<u64, StorageError> {
    let mut pending = 0;
    for queue in queues {
        pending += storage.depth(queue).await?.pending;
    }
    Ok(pending)
}

fn timekeeper(prepared: &Prepared, storage: &Arc<dyn Storage>) -> Timekeeper {
    let services = &prepared.services;
    Timekeeper::new(
        Arc::clone(storage),
        Arc::new(SystemClock),
        Arc::clone(&prepared.recorder.figures),
        services.iter().flat_map(TopicRuntime::partitions).collect(),
        services.iter().flat_map(|service| service.transports.clone()).collect(),
    )
}

fn retentions(services: &[TopicRuntime]) -> Vec<(Partition, Retention)> {
    let retentions = |service: &TopicRuntime| {
        let retention =
            Retention { events: service.config.limits.retention, dead_letters: DEAD_LETTERS };
        service.partitions().map(|partition| (partition, retention)).collect::<Vec<_>>()
    };
    services.iter().flat_map(retentions).collect()
}

/// Heartbeat of the leases, on a thread and connections of its own: a handler that blocks the other
/// threads must not let a lease expire.
struct Heartbeat {
    stop: CancellationToken,
    thread: thread::JoinHandle<()>,
}

impl Heartbeat {
    fn start(leases: Arc<Leases>, storage: Arc<dyn Storage>) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let extend = move || runtime.block_on(leases.run(storage.as_ref(), stopped));
        let thread = thread::Builder::new().name("heartbeat".to_owned()).spawn(extend);
        Ok(Self { stop, thread: thread.context("cannot start the heartbeat thread")? })
    }

    /// Stops the heartbeat, once no message is in hand.
    fn stop(self) {
        self.stop.cancel();
        if self.thread.join().is_err() {
            error!("heartbeat had stopped before the worker");
        }
    }
}
