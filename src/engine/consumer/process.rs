//! Work on one claim: under its lease, in quarantine when it is a suspect, up to its settlement.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::handoff::Handoff;
use super::taken::Taken;
use super::{Consumer, IDLE_WAIT};
use crate::contracts::storage::{
    Claim, Commit, Completed, NextClaims, Retry, Settled, StorageError,
};
use crate::engine::leases::LeaseGuard;
use crate::engine::settlement::Settlement;

/// Conflicts in a row after which a message makes way for a moment. Each conflict means that another
/// commit went through, so the limit is about fairness and not about progress.
const MAX_CONFLICTS: u32 = 16;
const CONFLICT_DELAY: Duration = Duration::from_millis(20);
/// Delays of a message for whose recipient too many messages wait: each time twice as long, because its
/// handler runs again, and that may call an app.
const CONGESTION_DELAYS: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];
/// Beginning of the note of such a message, before the number of its delays.
const CONGESTED: &str = "congested ";

/// Result of a settlement with a commit.
enum Completion {
    /// Settled, or lost; the next message came with the answer, if one was ready.
    Ended(Option<Taken>),
    Conflict(Claim),
    Congested(Claim),
}

impl Consumer {
    /// Works on one message under its lease. Its settlement claims the next one, until `chained` is
    /// cancelled; without it, none.
    pub(super) async fn process(
        &self,
        taken: Taken,
        chained: Option<&CancellationToken>,
    ) -> Result<Option<Taken>, StorageError> {
        let Taken { claim, requested_at } = taken;
        let lease = self.runtime.leases.hold(&claim, self.config.lease, requested_at);
        if !claim.is_suspect() {
            let _shared = self.runtime.isolation.read().await;
            return self.settle(claim, &lease, chained).await;
        }
        // A suspect that only waited must not be blamed when another one kills the process, so it is
        // released; the slot is kept for a moment so that it does not come round at once.
        let Ok(_slot) = self.runtime.suspect_slot.try_lock() else {
            self.count_settled("released", &self.runtime.storage.release(claim).await?);
            tokio::time::sleep(IDLE_WAIT).await;
            return Ok(None);
        };
        let _alone = self.runtime.isolation.write().await;
        self.settle(claim, &lease, chained).await
    }

    /// Works on a claim and carries out its settlement; works again when the commit conflicts.
    async fn settle(
        &self,
        mut claim: Claim,
        lease: &LeaseGuard,
        chained: Option<&CancellationToken>,
    ) -> Result<Option<Taken>, StorageError> {
        let (storage, began) = (&self.runtime.storage, self.runtime.leases.uptime());
        for _ in 0..MAX_CONFLICTS {
            let settlement = match self.work.work(&claim, lease).await {
                Ok(settlement) => settlement,
                Err(error) => {
                    self.count_settled("released", &storage.release(claim).await?);
                    return Err(error);
                }
            };
            // Before the message can be claimed again, so that other workers know of the pause.
            // A failure is no matter here: the settlement that follows tells of an outage.
            self.exchange_pauses().await.ok();
            match settlement {
                Settlement::Complete(commit) => {
                    match self.complete(claim, commit, (chained, began)).await? {
                        Completion::Ended(next) => return Ok(next),
                        Completion::Conflict(ours) => {
                            claim = ours;
                            continue;
                        }
                        Completion::Congested(ours) => {
                            let retry = self.congested(&ours);
                            self.count_retry("congested");
                            self.count_settled("retried", &storage.retry(ours, retry).await?);
                        }
                    }
                }
                other => self.carry_out(claim, other).await?,
            }
            return Ok(None);
        }
        let retry = Retry { after: CONFLICT_DELAY, ..Retry::default() };
        self.count_retry("conflict");
        self.count_settled("retried", &storage.retry(claim, retry).await?);
        Ok(None)
    }

    /// Carries out a settlement without a commit.
    async fn carry_out(&self, claim: Claim, settlement: Settlement) -> Result<(), StorageError> {
        let storage = &self.runtime.storage;
        match settlement {
            Settlement::Retry(retry) => {
                self.count_settled("retried", &storage.retry(claim, retry).await?);
            }
            Settlement::Bury(burial) => {
                self.count_settled("buried", &storage.bury(claim, burial).await?);
            }
            Settlement::Release => {
                self.count_settled("released", &storage.release(claim).await?);
            }
            Settlement::Abandon => self.count_outcome("lost"),
            Settlement::Complete(_) => unreachable!("a commit is carried out by `complete`"),
        }
        Ok(())
    }

    /// Delay of a message for whose recipient too many messages wait. The first one is logged.
    fn congested(&self, claim: &Claim) -> Retry {
        let count = claim.note.as_deref().and_then(|note| note.strip_prefix(CONGESTED));
        let count: usize = count.and_then(|count| count.parse().ok()).unwrap_or(0);
        if count == 0 {
            tracing::info!(
                queue.name = self.name, message.id = %claim.id,
                "message waits: too many messages to its recipient are waiting",
            );
        }
        let after = CONGESTION_DELAYS[count.min(CONGESTION_DELAYS.len() - 1)];
        Retry { after, note: Some(format!("{CONGESTED}{}", count + 1)), ..Retry::default() }
    }

    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        (chained, began): (Option<&CancellationToken>, Duration),
    ) -> Result<Completion, StorageError> {
        let line = self.work.line(&claim, &commit);
        let observed = self.work.is_observed(&claim).then(|| claim.payload.clone());
        let chained = chained.filter(|stop| !stop.is_cancelled() && !self.is_held());
        let handoff = chained.and_then(|_| self.handoff(&commit));
        let claims = NextClaims {
            next: chained.map(|_| self.request(1, false)),
            owed: handoff.as_ref().map(Handoff::request),
        };
        let requested_at = self.runtime.leases.uptime();
        let completed = self.runtime.storage.complete(claim, commit, &claims).await?;
        let Completed { settled, mut next, owed } = completed;
        if let (Some(handoff), Some(stop)) = (handoff, chained) {
            handoff.take(owed.claims, requested_at, stop);
        }
        match settled {
            Settled::Conflict(ours) => {
                self.count_outcome("conflict");
                return Ok(Completion::Conflict(*ours));
            }
            Settled::Congested(ours) => return Ok(Completion::Congested(*ours)),
            Settled::Done => {
                self.count_outcome("completed");
                if let Some(line) = line {
                    line.write(self.runtime.leases.uptime().saturating_sub(began));
                }
                if let Some(payload) = observed {
                    self.work.completed(&payload).await;
                }
            }
            Settled::LeaseLost => self.count_outcome("lost"),
        }
        let next = next.claims.pop();
        Ok(Completion::Ended(next.map(|claim| Taken { claim, requested_at })))
    }
}
