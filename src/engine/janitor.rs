//! Janitor: upkeep of the queues that a process works on.
//!
//! It reclaims expired leases and due retries even when no consumer claims, audits the queues for
//! groups that stand in no list, and trims what has been retained long enough. Every worker process
//! runs one; the store carries each round out once, whichever process calls first.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::contracts::storage::encoding::RECLAIM_LIMIT;
use crate::contracts::storage::{Partition, Queue, QueueKind, Retention, Storage, StorageError};
use crate::engine::outage;

/// Name of the upkeep among the parts that wait for the store.
const UPKEEP: &str = "upkeep";
const INTERVAL: Duration = Duration::from_secs(1);
const AUDIT_INTERVAL: Duration = Duration::from_mins(10);
const TRIM_INTERVAL: Duration = Duration::from_hours(1);

/// Janitor of some partitions.
pub struct Janitor {
    storage: Arc<dyn Storage>,
    partitions: Vec<(Partition, Retention)>,
}

impl Janitor {
    pub fn new(storage: Arc<dyn Storage>, partitions: Vec<(Partition, Retention)>) -> Self {
        Self { storage, partitions }
    }

    /// Makes one round over all partitions.
    ///
    /// # Errors
    /// The first error that was met. The round goes on all the same: a trim may free just the room
    /// that a full store needs.
    pub async fn step(&self) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        for (partition, retention) in &self.partitions {
            outcome = outcome.and(self.storage.trim(partition, *retention, TRIM_INTERVAL).await);
            for kind in [QueueKind::Inbound, QueueKind::Outbox] {
                let queue = Queue { partition: partition.clone(), kind };
                outcome = outcome.and(self.maintain(&queue).await);
            }
        }
        outcome
    }

    async fn maintain(&self, queue: &Queue) -> Result<(), StorageError> {
        while self.storage.reclaim(queue).await? >= u64::from(RECLAIM_LIMIT) {}
        if let Some(audit) = self.storage.audit(queue, AUDIT_INTERVAL).await?
            && audit.mended > 0
        {
            tracing::error!(
                queue.name = %queue.partition, groups = audit.groups, mended = audit.mended,
                "groups stood in no list and were made ready; was the store edited by hand?",
            );
        }
        Ok(())
    }

    /// Makes a round every second until it is stopped.
    pub async fn run(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
            match self.step().await {
                Ok(()) => outage::answered(UPKEEP),
                Err(error) => outage::waits(UPKEEP, &error),
            }
        }
    }
}
