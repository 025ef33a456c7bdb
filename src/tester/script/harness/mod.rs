//! The harness that runs a script: the engine of a deployment, stepped by hand. Nothing runs in the
//! background, and time passes only when the script advances it.

mod assembly;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use self::assembly::Assembly;
use super::START;
use super::action::SocketAction;
use super::clock::ScriptClock;
use super::queues::Queues;
use super::received::{ReceivedMessage, ReceivedMessages};
use super::sockets::{SentFrame, Sockets};
use super::wake_failures::WakeFailures;
use crate::contracts::storage::{DeadLetter, QueueKind, Storage};
use crate::engine::jobs::Jobs;
use crate::engine::topic::TopicRuntime;
use crate::model::address::Identity;
use crate::model::clock::{Clock, ManualClock};
use crate::model::message::MessageId;
use crate::model::topic::TopicName;
use crate::stores::sqlite::Sqlite;
use crate::tester::phones::{Phones, TestMessage};
use crate::tester::{Board, DeliveryOutcome, DeliveryState, Fault, InjectedFault};

/// Hook called with every advance of the clock, for a store that has a clock of its own.
pub type OnAdvance = Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// Maximum number of rounds over all queues, above which a handler is assumed to wake itself
/// forever.
const MAX_ROUNDS: u32 = 10_000;
/// Shortest advance of the clock, the resolution of the stores.
const TICK: Duration = Duration::from_millis(1);
/// The topics of an app on a store of their own, with simulated phones, socket clients and a manual clock.
pub struct ScriptHarness {
    clock: Arc<ManualClock>,
    script_clock: Arc<ScriptClock>,
    on_advance: Option<OnAdvance>,
    phones: Phones,
    received: ReceivedMessages,
    sockets: Sockets,
    queues: Queues,
    jobs: Jobs,
    topics: Vec<TopicName>,
    wake_failures: WakeFailures,
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
        let storage = Sqlite::in_memory(&(Arc::clone(&clock) as _))?;
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
        let assembly = Assembly::new(storage, &clock);
        let topics = assembly.topics(services);
        let wake_failures = WakeFailures::default();
        Ok(Self {
            clock,
            script_clock: Arc::clone(&assembly.script_clock),
            on_advance: None,
            received: ReceivedMessages::new(Arc::clone(&assembly.board)).await?,
            phones: assembly.phones(&topics),
            queues: assembly.queues(&topics, &wake_failures).await?,
            jobs: assembly.jobs(&topics),
            topics: topics.iter().map(|topic| topic.config.name.clone()).collect(),
            sockets: assembly.sockets(topics),
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
        self.advance_to(at).await?;
        self.script_clock.set_date(at);
        let state = self.phones.send(topic, message).await;
        self.script_clock.set_date(None);
        let state = state?;
        self.settle().await?;
        Ok(state)
    }

    /// Sends a text from a socket client, or its last one again, and runs everything that follows
    /// from it. A client that has never connected does so first.
    pub(super) async fn send_frame(
        &mut self,
        topic: &TopicName,
        client: &Identity,
        text: Option<&str>,
        at: Option<DateTime<Utc>>,
    ) -> Result<SentFrame> {
        self.advance_to(at).await?;
        if !self.sockets.knows(client) {
            self.act(topic, client, &SocketAction::Open(String::new())).await?;
        }
        self.script_clock.set_date(at);
        let sent = self.sockets.send(client, text).await;
        self.script_clock.set_date(None);
        let sent = sent?;
        self.settle().await?;
        Ok(sent)
    }

    /// Opens, closes or loses a socket, and runs everything that follows from it.
    pub(super) async fn act(
        &mut self,
        topic: &TopicName,
        client: &Identity,
        action: &SocketAction,
    ) -> Result<()> {
        self.sockets.act(topic, client, action).await?;
        self.settle().await.map(drop)
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

    /// Injects a fault. A slow provider delivers at once, since no time passes while it is.
    pub(super) async fn inject(&mut self, injected: &InjectedFault) -> Result<()> {
        let fault = match injected.fault {
            Fault::Slow => Fault::None,
            other => other,
        };
        let injected = InjectedFault { number: injected.number.clone(), fault };
        Ok(self.phones.board().inject(&injected).await?)
    }

    /// Advances the clock, and stops on the way at each time at which work is due.
    pub(super) async fn advance(&mut self, time: Duration) -> Result<()> {
        let mut left = time;
        while !left.is_zero() {
            let due = self.settle().await?;
            let step = due.into_iter().chain(self.sockets.until_beat()).min();
            let step = step.unwrap_or(left).max(TICK).min(left);
            self.clock.advance(step);
            if let Some(hook) = &self.on_advance {
                hook(step).await;
            }
            left -= step;
            self.sockets.beat().await;
        }
        self.settle().await.map(drop)
    }

    async fn advance_to(&mut self, at: Option<DateTime<Utc>>) -> Result<()> {
        match at.and_then(|at| (at - self.clock.now()).to_std().ok()) {
            Some(ahead) => self.advance(ahead).await,
            None => Ok(()),
        }
    }

    /// Steps all consumers and sockets until they are idle. Returns the time until the next work is
    /// due, if any.
    async fn settle(&mut self) -> Result<Option<Duration>> {
        for _ in 0..MAX_ROUNDS {
            let job = self.jobs.step().await?;
            let (worked, next) = self.queues.step().await?;
            if !worked && !self.sockets.step().await? {
                return Ok(next.into_iter().chain(job).min());
            }
        }
        anyhow::bail!(
            "the app does not come to rest; see that no handler wakes itself for ever at once"
        )
    }

    /// Returns the messages that reached phones and sockets since the last call.
    pub(super) async fn received(&mut self) -> Result<Vec<ReceivedMessage>> {
        let mut received = self.received.read().await?;
        received.extend(self.sockets.received());
        Ok(received)
    }

    /// Returns the dead letters since the last call, oldest first.
    pub(super) async fn dead_letters(&mut self) -> Result<Vec<(QueueKind, DeadLetter)>> {
        self.queues.dead_letters().await
    }

    /// Returns the recorded errors of a message, and those of wakes since the last call.
    pub(super) async fn errors(&self, topic: &TopicName, key: &MessageId) -> Result<Vec<String>> {
        let mut errors = self.queues.errors(topic, key).await?;
        errors.extend(self.wake_failures.take());
        Ok(errors)
    }
}
