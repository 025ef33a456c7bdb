//! Takes messages from one queue, a bounded number at a time, and has them worked on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::{Mutex, OwnedSemaphorePermit, RwLock, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::contracts::storage::{
    Claim, ClaimRequest, Claimed, Queue, Storage, StorageError, Token,
};
use crate::engine::leases::{LeaseGuard, Leases};
use crate::model::clock::millis;

/// Somebody who is idle looks at least this often, should a ring of the doorbell get lost.
const PATIENCE: Duration = Duration::from_secs(1);
/// Somebody who is busy looks for what is due this often.
const DUE_EVERY: Duration = Duration::from_millis(100);

/// What is done with a claimed message.
#[async_trait]
pub trait Work: Send + Sync {
    /// Works on a message until its claim is settled, or lost. With `next`, the settlement asks for
    /// the next message in the same round trip, and that is what comes back.
    ///
    /// # Errors
    /// When the store is away: the claim's lease ends by itself.
    async fn work(
        &self,
        claim: Claim,
        hold: &LeaseGuard,
        next: Option<&ClaimRequest>,
    ) -> Result<Option<Next>, StorageError>;
}

/// A message that came with the settlement of another.
pub struct Next {
    pub claim: Claim,
    /// When it was asked for, in uptime: its lease is counted from then.
    pub asked_at: Duration,
}

impl Next {
    /// What came with a settlement, if it was a message.
    pub fn of(claimed: Option<Claimed>, asked_at: Duration) -> Option<Self> {
        match claimed? {
            Claimed::Message(claim) => Some(Self { claim: *claim, asked_at }),
            Claimed::Empty { .. } => None,
        }
    }
}

/// What all consumers of a process have in common.
#[derive(Clone)]
pub struct Shared {
    pub storage: Arc<dyn Storage>,
    pub leases: Arc<Leases>,
    /// A message that may have killed its worker is worked on alone, so that what happens then is
    /// its own doing: it takes this for writing, everybody else for reading.
    pub company: Arc<RwLock<()>>,
    /// One suspect at a time in a whole process, whichever queues they come from.
    pub suspects: Arc<Mutex<()>>,
}

/// Takes messages from one queue and has them worked on.
pub struct Consumer {
    shared: Shared,
    queue: Queue,
    work: Arc<dyn Work>,
    slots: usize,
    lease: Duration,
    looked_for_due: AtomicU64,
}

/// What came of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A message was worked on.
    Worked,
    /// Nothing was ready; something is due after this time, if anything is.
    Idle { next_due: Option<Duration> },
}

impl Consumer {
    pub fn new(
        shared: Shared,
        queue: Queue,
        work: Arc<dyn Work>,
        slots: usize,
        lease: Duration,
    ) -> Arc<Self> {
        let looked_for_due = AtomicU64::new(0);
        Arc::new(Self { shared, queue, work, slots: slots.max(1), lease, looked_for_due })
    }

    /// Claims one message, and has it worked on until it is settled.
    pub async fn step(&self) -> Result<Step, StorageError> {
        let asked_at = self.shared.leases.uptime();
        match self.shared.storage.claim(&self.queue, &self.ask(true)).await? {
            Claimed::Empty { next_due } => Ok(Step::Idle { next_due }),
            Claimed::Message(claim) => {
                self.work_on(*claim, asked_at, None).await?;
                Ok(Step::Worked)
            }
        }
    }

    /// Takes messages until it is told to stop; then finishes what is in hand, and returns.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let slots = Arc::new(Semaphore::new(self.slots));
        let mut pauses = pauses();
        while let Some(slot) = stop.run_until_cancelled(Arc::clone(&slots).acquire_owned()).await {
            let slot = slot.expect("nobody closes the semaphore");
            let asked_at = self.shared.leases.uptime();
            let outcome = match self.shared.storage.claim(&self.queue, &self.ask(true)).await {
                Ok(Claimed::Message(claim)) => {
                    let consumer = Arc::clone(&self);
                    tokio::spawn(consumer.chain(*claim, asked_at, slot, stop.clone()));
                    Ok(())
                }
                Ok(Claimed::Empty { next_due }) => {
                    drop(slot);
                    self.idle(next_due, &stop).await
                }
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => pauses = self::pauses(),
                Err(error) => {
                    tracing::warn!(queue = %self.name(), %error, "waiting for the store");
                    let pause = pauses.next().unwrap_or(PATIENCE);
                    stop.run_until_cancelled(tokio::time::sleep(pause)).await;
                }
            }
        }
        let all = u32::try_from(self.slots).unwrap_or(u32::MAX);
        drop(slots.acquire_many(all).await);
    }

    async fn idle(
        &self,
        next_due: Option<Duration>,
        stop: &CancellationToken,
    ) -> Result<(), StorageError> {
        let patience = next_due.map_or(PATIENCE, |due| due.min(PATIENCE));
        let ring = self.shared.storage.wait(&self.queue, patience);
        stop.run_until_cancelled(ring).await.unwrap_or(Ok(()))
    }

    /// Works on a message and on those that its settlements bring, until none comes.
    async fn chain(
        self: Arc<Self>,
        claim: Claim,
        asked_at: Duration,
        slot: OwnedSemaphorePermit,
        stop: CancellationToken,
    ) {
        let (mut claim, mut asked_at) = (claim, asked_at);
        loop {
            let next = (!stop.is_cancelled()).then(|| self.ask(false));
            match self.work_on(claim, asked_at, next.as_ref()).await {
                Ok(Some(next)) => (claim, asked_at) = (next.claim, next.asked_at),
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(queue = %self.name(), %error, "a message waits for the store");
                    break;
                }
            }
        }
        drop(slot);
    }

    async fn work_on(
        &self,
        claim: Claim,
        asked_at: Duration,
        next: Option<&ClaimRequest>,
    ) -> Result<Option<Next>, StorageError> {
        let hold = self.shared.leases.hold(&claim, self.lease, asked_at);
        if !claim.is_suspect() {
            let _company = self.shared.company.read().await;
            return self.work.work(claim, &hold, next).await;
        }
        // A suspect that only waited must not be blamed when another one kills the process, so it goes
        // back; keeping the slot for a moment keeps it from coming round at once.
        let Ok(_one) = self.shared.suspects.try_lock() else {
            self.shared.storage.release(claim).await?;
            tokio::time::sleep(PATIENCE).await;
            return Ok(None);
        };
        let _alone = self.shared.company.write().await;
        self.work.work(claim, &hold, next).await
    }

    fn ask(&self, due: bool) -> ClaimRequest {
        let now = millis(self.shared.leases.uptime());
        let last = self.looked_for_due.load(Ordering::Relaxed);
        let reclaim = due || Duration::from_millis(now.saturating_sub(last)) >= DUE_EVERY;
        if reclaim {
            self.looked_for_due.store(now, Ordering::Relaxed);
        }
        ClaimRequest { token: Token::random(), lease: self.lease, reclaim, closed: Vec::new() }
    }

    fn name(&self) -> String {
        format!("{} {:?}", self.queue.partition, self.queue.kind)
    }
}

/// Pauses between attempts to reach a store that is away, on top of the store's own patience: from
/// 50 ms to 1 s, with jitter so that a whole fleet does not come back at the same instant.
fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .with_jitter()
        .without_max_times()
        .build()
}
