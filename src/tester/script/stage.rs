//! Everything that a deployment runs, in our own hands: nothing goes on in the background, and no
//! time passes unless it is said.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::START;
use super::arrivals::{Arrival, Arrivals};
use super::witness::{Complaints, WakeFailureRecorder};
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
use crate::tester::phones::{Message, Phones};
use crate::tester::{Board, Delivery, Injected, NAME, State, Tester, attach};

/// Told of every advance of the clock: for a store that has a clock of its own.
pub type OnAdvance = Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// Rounds over all queues after which an app will not come to rest by itself.
const ROUNDS: u32 = 10_000;
/// What is due in less time than a store can tell is due in this.
const TICK: Duration = Duration::from_millis(1);
/// Nothing that is hashed with it is ever kept.
const KEY: &str = "whatever happens on a stage";

/// A world in which a script is played.
pub struct Stage {
    storage: Arc<dyn Storage>,
    clock: Arc<ManualClock>,
    postmark: Arc<Postmark>,
    on_advance: Option<OnAdvance>,
    phones: Phones,
    arrivals: Arrivals,
    crew: Vec<Post>,
    topics: Vec<TopicName>,
    complaints: Complaints,
}

/// A queue, and who works on it.
struct Post {
    queue: Queue,
    consumer: Arc<Consumer>,
    /// Dead letters that are known of.
    dead: u64,
}

impl Stage {
    /// The clock that a script begins with. The store is to go by it as well.
    pub fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::new(START))
    }

    /// Puts topics on a store of their own, in which nothing has happened yet.
    ///
    /// # Errors
    /// When the machine has no memory for it.
    pub async fn embedded(services: &[TopicRuntime]) -> Result<Self> {
        let clock = Self::clock();
        let storage = Sqlite::in_memory(&as_clock(&clock))?;
        Self::new(services, Arc::new(storage), clock).await
    }

    /// Puts topics on a store, whatever that holds already.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn new(
        services: &[TopicRuntime],
        storage: Arc<dyn Storage>,
        clock: Arc<ManualClock>,
    ) -> Result<Self> {
        let board = Arc::new(Board::new(Arc::clone(&storage), as_clock(&clock)));
        let groups = GroupKey::new(&SecretString::from(KEY));
        let postmark = Arc::new(Postmark { clock: Arc::clone(&clock), date: Mutex::default() });
        let pipelines = services
            .iter()
            .map(|service| service.pipeline_from(NAME, tester_of(service, &board)))
            .collect();
        let dated: Arc<dyn Clock> = Arc::clone(&postmark) as _;
        let intake = Intake::new(Arc::clone(&storage), groups.clone(), dated, pipelines);
        let complaints = Complaints::default();
        let mut crew = Vec::new();
        let runtime = ConsumerRuntime::new(Arc::clone(&storage), Leases::new(as_clock(&clock)));
        let hands = Consumers { runtime, clock: as_clock(&clock), groups };
        for service in services {
            let handler = Arc::clone(&service.handler);
            let witness = Arc::new(WakeFailureRecorder { handler, complaints: complaints.clone() });
            let mut service = attach(service, &board);
            service.handler = witness;
            for (queue, consumer) in hands.of(&service) {
                let dead = storage.depth(&queue).await?.dead;
                crew.push(Post { queue, consumer, dead });
            }
        }
        Ok(Self {
            storage,
            clock,
            postmark,
            on_advance: None,
            arrivals: Arrivals::new(Arc::clone(&board)).await?,
            phones: Phones::new(intake, board),
            crew,
            topics: services.iter().map(|service| service.config.name.clone()).collect(),
            complaints,
        })
    }

    #[must_use]
    pub fn on_advance(mut self, hook: OnAdvance) -> Self {
        self.on_advance = Some(hook);
        self
    }

    /// Those that there are, in the order of the file.
    pub fn topics(&self) -> &[TopicName] {
        &self.topics
    }

    /// What stands on it.
    pub fn board(&self) -> &Board {
        self.phones.board()
    }

    /// A phone sends a message; everything that comes of it has happened when this returns.
    pub(super) async fn send(
        &mut self,
        topic: &TopicName,
        message: &Message,
        at: Option<DateTime<Utc>>,
    ) -> Result<State> {
        if let Some(ahead) = at.and_then(|at| (at - self.clock.now()).to_std().ok()) {
            self.advance(ahead).await?;
        }
        self.postmark.set(at);
        let state = self.phones.send(topic, message).await;
        self.postmark.set(None);
        let state = state?;
        self.settle().await?;
        Ok(state)
    }

    /// Reports what became of the last message to a number.
    pub(super) async fn report(
        &mut self,
        to: &Identity,
        delivery: Delivery,
        code: Option<u32>,
    ) -> Result<()> {
        let last = self.arrivals.last_to(to).cloned();
        let (topic, id) = last.ok_or_else(|| {
            anyhow::anyhow!("{} has received nothing yet that could be reported", to.reveal())
        })?;
        self.phones.report(&topic, id, delivery, code).await?;
        self.settle().await.map(drop)
    }

    pub(super) async fn inject(&mut self, injected: &Injected) -> Result<()> {
        Ok(self.phones.board().inject(injected).await?)
    }

    /// Lets time pass, from one thing that is due to the next.
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

    /// Works until nothing is ready; says when something is due, if anything is.
    async fn settle(&self) -> Result<Option<Duration>> {
        for _ in 0..ROUNDS {
            let (mut worked, mut next) = (false, None);
            for post in &self.crew {
                match post.consumer.step().await? {
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

    /// What has reached the phones since this was last asked.
    pub(super) async fn arrivals(&mut self) -> Result<Vec<Arrival>> {
        Ok(self.arrivals.read().await?)
    }

    /// What was buried since this was last asked, oldest first.
    pub(super) async fn buried(&mut self) -> Result<Vec<(QueueKind, DeadLetter)>> {
        let mut buried = Vec::new();
        for post in &mut self.crew {
            let dead = self.storage.depth(&post.queue).await?.dead;
            let new = usize::try_from(dead.saturating_sub(post.dead))?;
            post.dead = dead;
            if new > 0 {
                let letters = self.storage.dead_letters(&post.queue, new).await?;
                buried.extend(letters.into_iter().rev().map(|letter| (post.queue.kind, letter)));
            }
        }
        Ok(buried)
    }

    /// What went wrong with a message so far, and with wakes since this was last asked.
    pub(super) async fn troubles(
        &self,
        topic: &TopicName,
        message: &MessageId,
    ) -> Result<Vec<String>> {
        let mut troubles = Vec::new();
        let queues = self.crew.iter().map(|post| &post.queue);
        for queue in queues.filter(|q| q.partition.topic == *topic && q.kind == QueueKind::Inbound)
        {
            for event in self.storage.events(&queue.partition, Some(message)).await? {
                // What came before a refusal is recorded with it.
                let went_wrong = event.kind != EventKind::Received;
                let reason = event.detail.reason.filter(|_| went_wrong);
                troubles.extend(reason.map(|reason| format!("{}: {reason}", event.kind)));
            }
        }
        troubles.extend(self.complaints.take());
        Ok(troubles)
    }
}

/// What messages are dated by: the clock, unless the script says otherwise.
struct Postmark {
    clock: Arc<ManualClock>,
    date: Mutex<Option<DateTime<Utc>>>,
}

impl Postmark {
    fn set(&self, date: Option<DateTime<Utc>>) {
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = date;
    }
}

impl Clock for Postmark {
    fn now(&self) -> DateTime<Utc> {
        let date = *self.date.lock().unwrap_or_else(PoisonError::into_inner);
        date.unwrap_or_else(|| self.clock.now())
    }

    fn uptime(&self) -> Duration {
        self.clock.uptime()
    }
}

fn as_clock(clock: &Arc<ManualClock>) -> Arc<dyn Clock> {
    Arc::clone(clock) as _
}

fn tester_of(service: &TopicRuntime, board: &Arc<Board>) -> Arc<Tester> {
    Arc::new(Tester::new(service.config.name.clone(), Arc::clone(board)))
}
