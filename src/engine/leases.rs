//! The leases that this process holds, and the heartbeat that keeps them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::contracts::storage::{Claim, Queue, Storage, StorageError, Token};
use crate::model::address::Group;
use crate::model::clock::{Clock, millis};

/// How often a heart beats when nothing shorter is asked of it.
const RESTING: Duration = Duration::from_secs(1);

/// A claim is kept at most this long. A handler is stopped and a send ends long before, unless
/// something blocks the thread that it runs on.
const LONGEST: Duration = Duration::from_mins(5);

/// All claims in hand, by queue.
pub struct Leases {
    clock: Arc<dyn Clock>,
    held: Mutex<HashMap<Queue, Held>>,
}

#[derive(Default)]
struct Held {
    lease: Duration,
    claims: HashMap<Group, Arc<Lease>>,
}

type InHand = Vec<(Group, Arc<Lease>)>;

/// What is known of one claim's lease.
struct Lease {
    token: Token,
    asked_at: Duration,
    /// Up to when it is certainly ours, in milliseconds of uptime.
    valid_until: AtomicU64,
    lost: CancellationToken,
}

/// A claim in hand: its lease is extended until this is dropped.
pub struct LeaseGuard {
    leases: Arc<Leases>,
    queue: Queue,
    group: Group,
    lease: Arc<Lease>,
}

impl Leases {
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, held: Mutex::default() })
    }

    /// Time by which leases are measured here.
    pub fn uptime(&self) -> Duration {
        self.clock.uptime()
    }

    /// Keeps the lease of a claim that was asked for at `asked_at` (uptime). From then on, not from
    /// the answer: an answer may be late by as much as the whole lease.
    pub fn hold(
        self: &Arc<Self>,
        claim: &Claim,
        lease: Duration,
        asked_at: Duration,
    ) -> LeaseGuard {
        let kept = Arc::new(Lease {
            token: claim.token.clone(),
            asked_at,
            valid_until: AtomicU64::new(millis(asked_at + lease)),
            lost: CancellationToken::new(),
        });
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = held.entry(claim.queue.clone()).or_default();
        queue.lease = lease;
        queue.claims.insert(claim.group.clone(), Arc::clone(&kept));
        LeaseGuard {
            leases: Arc::clone(self),
            queue: claim.queue.clone(),
            group: claim.group.clone(),
            lease: kept,
        }
    }

    /// Extends every lease in hand, and tells those who hold one that is not ours any more.
    ///
    /// # Errors
    /// The first that any queue's store met; the other queues' leases are extended all the same.
    pub async fn step(&self, storage: &dyn Storage) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        for (queue, lease, claims) in self.snapshot() {
            let asked_at = self.clock.uptime();
            let asked: Vec<_> =
                claims.iter().map(|(group, kept)| (group.clone(), kept.token.clone())).collect();
            let lost = match storage.extend(&queue, lease, &asked).await {
                Ok(lost) => lost,
                Err(error) => {
                    outcome = outcome.and(Err(error));
                    continue;
                }
            };
            for (group, kept) in claims {
                if lost.contains(&group) {
                    kept.lost.cancel();
                } else {
                    kept.valid_until.store(millis(asked_at + lease), Ordering::Relaxed);
                }
            }
        }
        outcome
    }

    fn snapshot(&self) -> Vec<(Queue, Duration, InHand)> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let in_hand = held.iter().filter(|(_, held)| !held.claims.is_empty());
        in_hand
            .map(|(queue, held)| {
                let claims = held.claims.iter().filter(|(_, kept)| !self.is_stuck(kept));
                let claims = claims.map(|(group, kept)| (group.clone(), Arc::clone(kept)));
                (queue.clone(), held.lease, claims.collect())
            })
            .collect()
    }

    /// Whether whoever works on it has hogged a thread for so long that nobody can wait for them: its
    /// lease is left to end, so that somebody else gets it.
    fn is_stuck(&self, kept: &Lease) -> bool {
        self.clock.uptime() > kept.asked_at + LONGEST
    }

    /// Beats until it is told to stop: three times in the shortest lease, so that two beats may be
    /// lost. Run it on a thread and a connection of its own, or a handler that hogs the runtime
    /// would lose its lease.
    pub async fn run(&self, storage: &dyn Storage, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.interval())).await.is_some() {
            if let Err(error) = self.step(storage).await {
                tracing::warn!(%error, "leases could not be extended; they end if this goes on");
            }
        }
    }

    fn interval(&self) -> Duration {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let leases = held.values().map(|held| held.lease / 3);
        leases.min().unwrap_or(RESTING).min(RESTING)
    }
}

impl LeaseGuard {
    /// Resolves when the lease is known to be lost.
    pub async fn lost(&self) {
        self.lease.lost.cancelled().await;
    }

    /// Time by which leases are measured.
    pub fn uptime(&self) -> Duration {
        self.leases.uptime()
    }

    /// How long the claim is certainly ours still.
    pub fn remaining(&self) -> Duration {
        let until = Duration::from_millis(self.lease.valid_until.load(Ordering::Relaxed));
        until.saturating_sub(self.leases.clock.uptime())
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        let mut held = self.leases.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = held.get_mut(&self.queue) {
            // The next claim of this group may be in hand already, under another token.
            if queue.claims.get(&self.group).is_some_and(|kept| Arc::ptr_eq(kept, &self.lease)) {
                queue.claims.remove(&self.group);
            }
        }
    }
}
