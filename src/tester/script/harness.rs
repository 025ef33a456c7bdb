//! The harness that runs a script: the engine of a deployment, stepped by hand. Nothing runs in the
//! background, and time passes only when the script advances it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::START;
use super::clock::ScriptClock;
use super::received::{ReceivedMessage, ReceivedMessages};
use super::wake_failures::{WakeFailureRecorder, WakeFailures};
use crate::contracts::storage::{DeadLetter, Queue, QueueKind, Storage};
use crate::engine::consumer::{Consumer, ConsumerRuntime, Step};
use crate::engine::consumers::Consumers;
use crate::engine::intake::Intake;
use crate::engine::leases::Leases;
use crate::engine::topic::TopicRuntime;
use crate::model::address::{GroupKey, Identity};
use crate::model::clock::{Clock, ManualClock};
use crate::model::event::EventKind;
use crate::model::message::MessageId;
use crate::model::topic::TopicName;
use crate::stores::sqlite::Sqlite;
use crate::tester::phones::{Phones, TestMessage};
use crate::tester::{
    Board, DeliveryOutcome, DeliveryState, InjectedFault, TRANSPORT_NAME, TesterTransport, attach,
};

/// Hook called with every advance of the clock, for a store that has a clock of its own.
pub type OnAdvance = Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// Maximum number of rounds over all queues, above which a handler is assumed to wake itself
/// forever.
const MAX_ROUNDS: u32 = 10_000;
/// Shortest advance of the clock, the resolution of the stores.
const TICK: Duration = Duration::from_millis(1);
/// Hash key of addresses. It protects nothing: a script's store is discarded.
const KEY: &str = "the key of every script, which protects nothing";

/// The topics of an app on a store of their own, with simulated phones and a manual clock.
pub struct ScriptHarness {
    storage: Arc<dyn Storage>,
    clock: Arc<ManualClock>,
    script_clock: Arc<ScriptClock>,
    on_advance: Option<OnAdvance>,
    phones: Phones,
    received: ReceivedMessages,
    queues: Vec<HarnessQueue>,
    topics: Vec<TopicName>,
    wake_failures: WakeFailures,
}

/// A queue and its consumer.
struct HarnessQueue {
    queue: Queue,
    consumer: Arc<Consumer>,
    /// Number of dead letters already reported.
    dead: u64,
}

impl ScriptHarness {
    /// Makes the clock of a script. The store has to use it as well.
    pub fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::new(START))
    }

    /// Runs topics on a new, empty store in memory.
    ///
    /// # Errors
    /// No memory for the store.
    pub async fn embedded(services: &[TopicRuntime]) -> Result<Self> {
        let clock = Self::clock();
        let storage = Sqlite::in_memory(&as_clock(&clock))?;
        Self::new(services, Arc::new(storage), clock).await
    }

    /// Runs topics on an existing store.
    ///
    /// # Errors
    /// Unreachable store.
    pub async fn new(
        services: &[TopicRuntime],
        storage: Arc<dyn Storage>,
        clock: Arc<ManualClock>,
    ) -> Result<Self> {
        let board = Arc::new(Board::new(Arc::clone(&storage), as_clock(&clock)));
        let groups = GroupKey::new(&SecretString::from(KEY));
        let script_clock = Arc::new(ScriptClock::new(Arc::clone(&clock)));
        let pipelines = services
            .iter()
            .map(|service| service.pipeline_from(TRANSPORT_NAME, tester_of(service, &board)))
            .collect();
        let dated: Arc<dyn Clock> = Arc::clone(&script_clock) as _;
        let intake = Intake::new(Arc::clone(&storage), groups.clone(), dated, pipelines);
        let wake_failures = WakeFailures::default();
        let mut queues = Vec::new();
        let runtime = ConsumerRuntime::new(Arc::clone(&storage), Leases::new(as_clock(&clock)));
        let consumers = Consumers { runtime, clock: as_clock(&clock), groups };
        for service in services {
            let handler = Arc::clone(&service.handler);
            let recorder = WakeFailureRecorder { handler, failures: wake_failures.clone() };
            let mut service = attach(service, &board);
            service.handler = Arc::new(recorder);
            for (queue, consumer) in consumers.of(&service) {
                let dead = storage.depth(&queue).await?.dead;
                queues.push(HarnessQueue { queue, consumer, dead });
            }
        }
        Ok(Self {
            storage,
            clock,
            script_clock,
            on_advance: None,
            received: ReceivedMessages::new(Arc::clone(&board)).await?,
            phones: Phones::new(intake, board),
            queues,
            topics: services.iter().map(|service| service.config.name.clone()).collect(),
            wake_failures,
        })
    }

    /// Sets the hook for advances of the clock.
    #[must_use]
    pub fn on_advance(mut self, hook: OnAdvance) -> Self {
        self.on_advance = Some(hook);
        self
    }

    /// Names of the topics, in the order of the configuration.
    pub fn topics(&self) -> &[TopicName] {
        &self.topics
    }

    /// The board with all messages of the script.
    pub fn board(&self) -> &Board {
        self.phones.board()
    }

    /// Sends a message from a phone, and runs everything that follows from it.
    pub(super) async fn send(
        &mut self,
        topic: &TopicName,
        message: &TestMessage,
        at: Option<DateTime<Utc>>,
    ) -> Result<DeliveryState> {
        if let Some(ahead) = at.and_then(|at| (at - self.clock.now()).to_std().ok()) {
            self.advance(ahead).await?;
        }
        self.script_clock.set_date(at);
        let state = self.phones.send(topic, message).await;
        self.script_clock.set_date(None);
        let state = state?;
        self.settle().await?;
        Ok(state)
    }

    /// Posts a delivery report for the last message to a number.
    pub(super) async fn report(
        &mut self,
        to: &Identity,
        outcome: DeliveryOutcome,
        code: Option<u32>,
    ) -> Result<()> {
        let last = self.received.last_to(to).cloned();
        let (topic, id) = last.ok_or_else(|| {
            anyhow::anyhow!("{} has received nothing yet that could be reported", to.reveal())
        })?;
        self.phones.report(&topic, id, outcome, code).await?;
        self.settle().await.map(drop)
    }

    /// Injects a fault.
    pub(super) async fn inject(&mut self, injected: &InjectedFault) -> Result<()> {
        Ok(self.phones.board().inject(injected).await?)
    }

    /// Advances the clock, and stops on the way at each time at which work is due.
    pub(super) async fn advance(&mut self, time: Duration) -> Result<()> {
        let mut left = time;
        while !left.is_zero() {
            let due = self.settle().await?;
            let step = due.unwrap_or(left).max(TICK).min(left);
            self.clock.advance(step);
            if let Some(hook) = &self.on_advance {
                hook(step).await;
            }
            left -= step;
        }
        self.settle().await.map(drop)
    }

    /// Steps all consumers until they are idle. Returns the time until the next work is due, if
    /// any.
    async fn settle(&self) -> Result<Option<Duration>> {
        for _ in 0..MAX_ROUNDS {
            let (mut worked, mut next) = (false, None);
            for queue in &self.queues {
                match queue.consumer.step().await? {
                    Step::Worked => worked = true,
                    Step::Idle { next_due } => next = next.into_iter().chain(next_due).min(),
                }
            }
            if !worked {
                return Ok(next);
            }
        }
        anyhow::bail!(
            "the app does not come to rest; see that no handler wakes itself for ever at once"
        )
    }

    /// Returns the messages that reached phones since the last call.
    pub(super) async fn received(&mut self) -> Result<Vec<ReceivedMessage>> {
        Ok(self.received.read().await?)
    }

    /// Returns the dead letters since the last call, oldest first.
    pub(super) async fn dead_letters(&mut self) -> Result<Vec<(QueueKind, DeadLetter)>> {
        let mut found = Vec::new();
        for HarnessQueue { queue, dead: known, .. } in &mut self.queues {
            let dead = self.storage.depth(queue).await?.dead;
            let new = usize::try_from(dead.saturating_sub(*known))?;
            *known = dead;
            if new > 0 {
                let letters = self.storage.dead_letters(queue, new).await?;
                found.extend(letters.into_iter().rev().map(|letter| (queue.kind, letter)));
            }
        }
        Ok(found)
    }

    /// Returns the recorded errors of a message, and those of wakes since the last call.
    pub(super) async fn errors(
        &self,
        topic: &TopicName,
        message: &MessageId,
    ) -> Result<Vec<String>> {
        let mut errors = Vec::new();
        let message = MessageId::of(TRANSPORT_NAME, message);
        let queues = self.queues.iter().map(|one| &one.queue);
        for queue in queues.filter(|q| q.partition.topic == *topic && q.kind == QueueKind::Inbound)
        {
            for event in self.storage.events(&queue.partition, Some(&message)).await? {
                // The reason of a `Received` event is recorded again with its refusal.
                let is_error = event.kind != EventKind::Received;
                let reason = event.detail.reason.filter(|_| is_error);
                errors.extend(reason.map(|reason| format!("{}: {reason}", event.kind)));
            }
        }
        errors.extend(self.wake_failures.take());
        Ok(errors)
    }
}

fn as_clock(clock: &Arc<ManualClock>) -> Arc<dyn Clock> {
    Arc::clone(clock) as _
}

fn tester_of(service: &TopicRuntime, board: &Arc<Board>) -> Arc<TesterTransport> {
    Arc::new(TesterTransport::new(service.config.name.clone(), Arc::clone(board)))
}
