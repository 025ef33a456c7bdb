//! Consumer of one queue: claims messages, a bounded number at a time, and settles them.

mod handoff;
mod observe;
mod process;
mod taken;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::{Mutex, OwnedSemaphorePermit, RwLock, Semaphore};
use tokio_util::sync::CancellationToken;

use self::taken::Taken;
use crate::contracts::figures::Figures;
use crate::contracts::storage::{
    ClaimRequest, Claimed, Queue, QueueKind, Storage, StorageError, Token,
};
use crate::engine::gate::Gate;
use crate::engine::leases::Leases;
use crate::engine::outage;
use crate::engine::settlement::Work;
use crate::model::clock::millis;

/// Longest wait of an idle consumer between two claims, should the doorbell's ring get lost.
const IDLE_WAIT: Duration = Duration::from_secs(1);
/// Messages that one claim asks for at most, however many slots are free: the other processes get some too.
const MAX_CLAIMS: usize = 32;
/// Interval at which a busy consumer also looks for expired leases and due retries.
const RECLAIM_INTERVAL: Duration = Duration::from_millis(100);

/// State that all consumers of a process share.
#[derive(Clone)]
pub struct ConsumerRuntime {
    pub storage: Arc<dyn Storage>,
    pub leases: Arc<Leases>,
    /// Figures of the process.
    pub figures: Arc<Figures>,
    /// Held for writing by the work on a suspect and for reading by all other work, so that a
    /// suspect that kills the process is known to have done it.
    isolation: Arc<RwLock<()>>,
    /// Held by the one suspect that the process works on, whichever queue it comes from.
    suspect_slot: Arc<Mutex<()>>,
}

impl ConsumerRuntime {
    pub fn new(storage: Arc<dyn Storage>, leases: Arc<Leases>) -> Self {
        let (figures, isolation, suspect_slot) = Default::default();
        Self { storage, leases, figures, isolation, suspect_slot }
    }

    /// Records into the figures of the process.
    #[must_use]
    pub fn recorded_by(self, figures: Arc<Figures>) -> Self {
        Self { figures, ..self }
    }
}

/// Settings of one consumer.
#[derive(Clone)]
pub struct ConsumerConfig {
    pub queue: Queue,
    /// Messages in hand at once.
    pub concurrency: usize,
    pub lease: Duration,
    /// Decision whether anything of the topic may be claimed, and which lines. Only an outbox has lines.
    pub gate: Option<Arc<Gate>>,
    /// Consumer of the outbox of an inbound queue, which gets the messages that a completion puts there.
    pub outbox: Option<Arc<Consumer>>,
}

/// Consumer of one queue.
pub struct Consumer {
    runtime: ConsumerRuntime,
    work: Arc<dyn Work>,
    config: ConsumerConfig,
    /// Name of the queue in the log.
    name: String,
    /// One permit for each message that may be in hand.
    slots: Arc<Semaphore>,
    /// Uptime of the last claim that also reclaimed, in milliseconds.
    reclaimed_at: AtomicU64,
}

/// Result of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A message was worked on.
    Worked,
    /// No message was ready. The time until the next one is due, if one is scheduled.
    Idle { next_due: Option<Duration> },
}

impl Consumer {
    pub fn new(runtime: ConsumerRuntime, work: Arc<dyn Work>, config: ConsumerConfig) -> Arc<Self> {
        let config = ConsumerConfig { concurrency: config.concurrency.max(1), ..config };
        let name = format!("{} {:?}", config.queue.partition, config.queue.kind);
        let slots = Arc::new(Semaphore::new(config.concurrency));
        Arc::new(Self { runtime, work, config, name, slots, reclaimed_at: AtomicU64::new(0) })
    }

    /// Claims one message and works on it until it is settled.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn step(&self) -> Result<Step, StorageError> {
        let requested_at = self.runtime.leases.uptime();
        let mut claimed = self.claim(1).await?;
        let Some(claim) = claimed.claims.pop() else {
            return Ok(Step::Idle { next_due: self.next_due(claimed.next_due) });
        };
        self.process(Taken { claim, requested_at }, None).await?;
        Ok(Step::Worked)
    }

    /// Claims messages until it is stopped, then finishes those in hand and returns.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut delays = store_delays();
        while let Some(slot) =
            stop.run_until_cancelled(Arc::clone(&self.slots).acquire_owned()).await
        {
            let slot = slot.expect("the semaphore is never closed");
            match self.fill(slot, &stop).await {
                Ok(()) => delays = store_delays(),
                Err(error) => {
                    outage::waits(&self.name, &error);
                    let delay = delays.next().unwrap_or(IDLE_WAIT);
                    stop.run_until_cancelled(tokio::time::sleep(delay)).await;
                }
            }
        }
        let all = u32::try_from(self.config.concurrency).unwrap_or(u32::MAX);
        drop(self.slots.acquire_many(all).await);
    }

    /// Fills a free slot, and others that are free, with the next messages. Waits when there are fewer.
    async fn fill(
        self: &Arc<Self>,
        slot: OwnedSemaphorePermit,
        stop: &CancellationToken,
    ) -> Result<(), StorageError> {
        let mut slots = vec![slot];
        slots.extend(self.free_slots(MAX_CLAIMS - 1));
        let requested_at = self.runtime.leases.uptime();
        let claimed = self.claim(slots.len()).await?;
        let is_empty = claimed.claims.len() < slots.len();
        for claim in claimed.claims {
            let Some(slot) = slots.pop() else { break };
            let taken = Taken { claim, requested_at };
            tokio::spawn(Arc::clone(self).chain(taken, slot, stop.clone()));
        }
        drop(slots);
        if is_empty { self.idle(claimed.next_due, stop).await } else { Ok(()) }
    }

    /// Takes slots that are free now, at most so many.
    fn free_slots(&self, most: usize) -> Vec<OwnedSemaphorePermit> {
        let free = || Arc::clone(&self.slots).try_acquire_owned().ok();
        std::iter::from_fn(free).take(most).collect()
    }

    async fn idle(
        &self,
        next_due: Option<Duration>,
        stop: &CancellationToken,
    ) -> Result<(), StorageError> {
        let longest = self.next_due(next_due).map_or(IDLE_WAIT, |due| due.min(IDLE_WAIT));
        let ring = self.runtime.storage.wait(&self.config.queue, longest);
        let Some(gate) = &self.config.gate else {
            return stop.run_until_cancelled(ring).await.unwrap_or(Ok(()));
        };
        if self.is_held() {
            // The bell rings all the same.
            let resumed = tokio::time::timeout(longest, gate.opened());
            stop.run_until_cancelled(resumed).await;
            return Ok(());
        }
        tokio::select! {
            ended = stop.run_until_cancelled(ring) => ended.unwrap_or(Ok(())),
            () = gate.opened() => Ok(()),
        }
    }

    /// Gate of the queue's lines.
    fn lines(&self) -> Option<&Arc<Gate>> {
        self.config.gate.as_ref().filter(|_| self.config.queue.kind == QueueKind::Outbox)
    }

    /// Time until a message or a line of the queue becomes ready.
    fn next_due(&self, in_store: Option<Duration>) -> Option<Duration> {
        let opens_in = self.lines().and_then(|gate| gate.opens_in());
        in_store.into_iter().chain(opens_in).min()
    }

    /// Works on a message and on those that come with its settlement, until none comes.
    async fn chain(
        self: Arc<Self>,
        taken: Taken,
        slot: OwnedSemaphorePermit,
        stop: CancellationToken,
    ) {
        let mut next = Some(taken);
        while let Some(taken) = next {
            let id = taken.claim.id.clone();
            next = match self.process(taken, Some(&stop)).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(
                        queue.name = self.name, message.id = %id, %error,
                        "message waits for the store",
                    );
                    None
                }
            };
        }
        drop(slot);
    }

    async fn claim(&self, max: usize) -> Result<Claimed, StorageError> {
        let exchanged = self.exchange_pauses().await;
        if let Some(gate) = &self.config.gate {
            let held_for = gate.topic_held_for();
            if held_for.is_some() || !gate.is_known() {
                // No claim follows that tells of an outage, or of its end.
                exchanged?;
                if gate.is_answered() {
                    outage::answered(&self.name);
                }
                return Ok(Claimed { next_due: held_for, ..Claimed::default() });
            }
        }
        let request = self.request(max, true);
        let claimed = self.runtime.storage.claim(&self.config.queue, &request).await?;
        outage::answered(&self.name);
        Ok(claimed)
    }

    /// Returns whether an operator has paused the topic.
    fn is_held(&self) -> bool {
        self.config.gate.as_ref().is_some_and(|gate| gate.topic_held_for().is_some())
    }

    /// Exchanges pauses with the store. Without its answer, the gate goes by what it knows.
    async fn exchange_pauses(&self) -> Result<(), StorageError> {
        let Some(gate) = &self.config.gate else { return Ok(()) };
        let exchanged = gate.step(self.runtime.storage.as_ref()).await;
        if let Err(error) = &exchanged {
            tracing::debug!(queue.name = self.name, %error, "pauses of sending not exchanged");
        }
        exchanged
    }

    fn request(&self, max: usize, reclaim: bool) -> ClaimRequest {
        let now = millis(self.runtime.leases.uptime());
        let last = Duration::from_millis(self.reclaimed_at.load(Ordering::Relaxed));
        let reclaim =
            reclaim || Duration::from_millis(now).saturating_sub(last) >= RECLAIM_INTERVAL;
        if reclaim {
            self.reclaimed_at.store(now, Ordering::Relaxed);
        }
        let closed = self.lines().map(|gate| gate.closed()).unwrap_or_default();
        ClaimRequest { token: Token::random(), lease: self.config.lease, max, reclaim, closed }
    }
}

/// Delays between claims while the store is unavailable, on top of the store's own retries: from
/// 50 ms to 1 s, with jitter so that the workers of a fleet do not come back at the same instant.
fn store_delays() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .with_jitter()
        .without_max_times()
        .build()
}
