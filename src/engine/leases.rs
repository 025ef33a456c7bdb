//! Leases that this process holds, and the heartbeat that extends them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::contracts::figures::InHand;
use crate::contracts::storage::{Claim, Queue, QueueKind, Storage, StorageError, Token};
use crate::model::address::Group;
use crate::model::clock::{Clock, millis};
use crate::model::topic::TopicName;

/// Longest interval between two heartbeats.
const LONGEST_INTERVAL: Duration = Duration::from_secs(1);

/// Longest time for which a claim is extended. A handler is stopped and a send ends long before,
/// unless something blocks the thread that it runs on.
const LONGEST_CLAIM: Duration = Duration::from_mins(5);

/// Messages in hand that are listed at most.
const LISTED: usize = 50;

/// Leases of all claims in hand, by queue.
pub struct Leases {
    clock: Arc<dyn Clock>,
    queues: Mutex<HashMap<Queue, QueueLeases>>,
}

/// Leases of one queue's claims.
#[derive(Default)]
struct QueueLeases {
    duration: Duration,
    claims: HashMap<Group, Arc<Lease>>,
}

/// Claims of a queue, by group.
type ClaimLeases = Vec<(Group, Arc<Lease>)>;

/// Lease of one claim.
struct Lease {
    token: Token,
    /// The message, as reports list it.
    in_hand: InHand,
    requested_at: Duration,
    /// Uptime until which the claim is certainly ours, in milliseconds.
    valid_until: AtomicU64,
    lost: CancellationToken,
}

/// Guard of a claim in hand: its lease is extended until the guard is dropped.
pub struct LeaseGuard {
    leases: Arc<Leases>,
    queue: Queue,
    group: Group,
    lease: Arc<Lease>,
}

impl Leases {
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, queues: Mutex::default() })
    }

    /// Uptime, by which leases are measured.
    pub fn uptime(&self) -> Duration {
        self.clock.uptime()
    }

    /// Returns the messages of a topic in hand, the longest first, 50 at most.
    pub fn in_hand(&self, topic: &TopicName) -> Vec<InHand> {
        let queues = self.queues();
        let ours = queues.iter().filter(|(queue, _)| queue.partition.topic == *topic);
        let claims = ours.flat_map(|(_, leases)| leases.claims.values());
        let mut in_hand: Vec<InHand> = claims.map(|lease| lease.in_hand.clone()).collect();
        in_hand.sort_by_key(|it| it.since);
        in_hand.truncate(LISTED);
        in_hand
    }

    /// Returns the number of messages of a topic in hand, from its queues of this kind.
    pub fn count(&self, topic: &TopicName, kind: QueueKind) -> usize {
        let queues = self.queues();
        let is_wanted = |queue: &Queue| queue.kind == kind && queue.partition.topic == *topic;
        let wanted = queues.iter().filter(|(queue, _)| is_wanted(queue));
        wanted.map(|(_, leases)| leases.claims.len()).sum()
    }

    /// Extends the lease of a claim from now on. The lease is counted from `requested_at` (uptime)
    /// and not from the answer, which may be late by as much as the whole lease.
    pub fn hold(
        self: &Arc<Self>,
        claim: &Claim,
        lease: Duration,
        requested_at: Duration,
    ) -> LeaseGuard {
        let held = Arc::new(Lease {
            token: claim.token.clone(),
            in_hand: InHand {
                queue: claim.queue.kind.as_str().to_owned(),
                message: claim.id.clone(),
                attempt: claim.failures + 1,
                since: self.clock.now(),
            },
            requested_at,
            valid_until: AtomicU64::new(millis(requested_at + lease)),
            lost: CancellationToken::new(),
        });
        let mut queues = self.queues();
        let queue = queues.entry(claim.queue.clone()).or_default();
        queue.duration = lease;
        queue.claims.insert(claim.group.clone(), Arc::clone(&held));
        drop(queues);
        LeaseGuard {
            leases: Arc::clone(self),
            queue: claim.queue.clone(),
            group: claim.group.clone(),
            lease: held,
        }
    }

    /// Extends every lease in hand, and marks those that are lost.
    ///
    /// # Errors
    /// The first error that was met; the other queues' leases are extended all the same.
    pub async fn step(&self, storage: &dyn Storage) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        for (queue, duration, claims) in self.snapshot() {
            let requested_at = self.clock.uptime();
            let tokens: Vec<_> =
                claims.iter().map(|(group, lease)| (group.clone(), lease.token.clone())).collect();
            let lost = match storage.extend(&queue, duration, &tokens).await {
                Ok(lost) => lost,
                Err(error) => {
                    outcome = outcome.and(Err(error));
                    continue;
                }
            };
            for (group, lease) in claims {
                if lost.contains(&group) {
                    lease.lost.cancel();
                } else {
                    lease.valid_until.store(millis(requested_at + duration), Ordering::Relaxed);
                }
            }
        }
        outcome
    }

    /// Returns each queue's claims, with the duration of their leases.
    fn snapshot(&self) -> Vec<(Queue, Duration, ClaimLeases)> {
        let queues = self.queues();
        let in_use = queues.iter().filter(|(_, leases)| !leases.claims.is_empty());
        in_use
            .map(|(queue, leases)| {
                let claims = leases.claims.iter().filter(|(_, lease)| !self.is_stuck(lease));
                let claims = claims.map(|(group, lease)| (group.clone(), Arc::clone(lease)));
                (queue.clone(), leases.duration, claims.collect())
            })
            .collect()
    }

    /// Returns true when the work on a claim has blocked a thread for so long that the claim is given
    /// up: its lease expires, and another worker gets the message.
    fn is_stuck(&self, lease: &Lease) -> bool {
        self.clock.uptime() > lease.requested_at + LONGEST_CLAIM
    }

    /// Beats until it is stopped: three times in the shortest lease, so that two beats may fail. Run
    /// it on a thread and a connection of its own, because a handler that blocks the runtime would
    /// lose its lease.
    pub async fn run(&self, storage: &dyn Storage, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.interval())).await.is_some() {
            if let Err(error) = self.step(storage).await {
                tracing::warn!(%error, "leases not extended; they expire if this goes on");
            }
        }
    }

    fn interval(&self) -> Duration {
        let queues = self.queues();
        let intervals = queues.values().map(|leases| leases.duration / 3);
        intervals.min().unwrap_or(LONGEST_INTERVAL).min(LONGEST_INTERVAL)
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<Queue, QueueLeases>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LeaseGuard {
    /// Resolves when the lease is known to be lost.
    pub async fn lost(&self) {
        self.lease.lost.cancelled().await;
    }

    /// Time for which the claim is certainly ours.
    pub fn remaining(&self) -> Duration {
        let until = Duration::from_millis(self.lease.valid_until.load(Ordering::Relaxed));
        until.saturating_sub(self.leases.clock.uptime())
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        if let Some(queue) = self.leases.queues().get_mut(&self.queue) {
            // The next claim of this group may be in hand already, under another token.
            if queue.claims.get(&self.group).is_some_and(|held| Arc::ptr_eq(held, &self.lease)) {
                queue.claims.remove(&self.group);
            }
        }
    }
}
