//! Upkeep: what is due is brought back even when nobody asks for messages, groups that stand nowhere
//! are found, and the past is dropped in time.
//!
//! Every process that works runs one. The store lets each thing happen once, whoever asks first.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::contracts::storage::{Partition, Queue, QueueKind, Retention, Storage, StorageError};

const EVERY: Duration = Duration::from_secs(1);
const AUDIT_EVERY: Duration = Duration::from_mins(10);
const TRIM_EVERY: Duration = Duration::from_hours(1);
/// How many groups one call of the store brings back at the most.
const FULL_LOAD: u64 = 256;

/// Keeps some partitions in order.
pub struct Janitor {
    storage: Arc<dyn Storage>,
    partitions: Vec<(Partition, Retention)>,
}

impl Janitor {
    pub fn new(storage: Arc<dyn Storage>, partitions: Vec<(Partition, Retention)>) -> Self {
        Self { storage, partitions }
    }

    /// One round over everything.
    ///
    /// # Errors
    /// The first that was met; the round goes on all the same, for what is trimmed may be just the
    /// room that a full store needs.
    pub async fn step(&self) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        for (partition, retention) in &self.partitions {
            outcome = outcome.and(self.storage.trim(partition, *retention, TRIM_EVERY).await);
            for kind in [QueueKind::Inbound, QueueKind::Outbox] {
                let queue = Queue { partition: partition.clone(), kind };
                outcome = outcome.and(self.look_after(&queue).await);
            }
        }
        outcome
    }

    async fn look_after(&self, queue: &Queue) -> Result<(), StorageError> {
        while self.storage.reclaim(queue).await? >= FULL_LOAD {}
        if let Some(audit) = self.storage.audit(queue, AUDIT_EVERY).await?
            && audit.mended > 0
        {
            tracing::error!(
                topic.name = %queue.partition, groups = audit.groups, mended = audit.mended,
                "messages stood in no list and were brought back; was the store edited?",
            );
        }
        Ok(())
    }

    /// A round every second until it is told to stop.
    pub async fn run(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
            if let Err(error) = self.step().await {
                tracing::warn!(%error, "upkeep waits for the store");
            }
        }
    }
}
