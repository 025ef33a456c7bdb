//! Heartbeat of a web process: it moves the wake that reports its loss, as long as it holds sockets.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::contracts::handler::process_end;
use crate::contracts::storage::{Partition, Queues, StorageError};
use crate::contracts::transport::socket::HEARTBEAT;
use crate::model::clock::Clock;

/// Interval of beats: two may fail before the process counts as lost.
pub(super) const BEAT: Duration = Duration::from_secs(3);

/// Heartbeat of one process for one topic.
pub(super) struct Heartbeat {
    pub(super) process: String,
    partition: Partition,
    queues: Arc<dyn Queues>,
    clock: Arc<dyn Clock>,
    /// Uptime before the last beat that the store has.
    last: Mutex<Option<Duration>>,
}

impl Heartbeat {
    pub(super) fn new(
        process: String,
        partition: Partition,
        queues: Arc<dyn Queues>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { process, partition, queues, clock, last: Mutex::default() }
    }

    /// Returns whether the process may have been reported as lost since its last beat.
    pub(super) fn is_late(&self) -> bool {
        self.age().is_some_and(|age| age >= HEARTBEAT)
    }

    /// Beats unless it did so just now. Called before a connection is stored, so that no connection
    /// is without a heartbeat.
    pub(super) async fn ensure(&self) -> Result<(), StorageError> {
        if self.age().is_none_or(|age| age >= BEAT) { self.beat().await } else { Ok(()) }
    }

    pub(super) async fn beat(&self) -> Result<(), StorageError> {
        // Read before the call, so that a slow one does not count as recent.
        let began = self.clock.uptime();
        let due = self.clock.now() + HEARTBEAT;
        self.queues.schedule(&self.partition, process_end(&self.process), due).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(began);
        Ok(())
    }

    /// Forgets the last beat, because no socket depends on it.
    pub(super) fn rest(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn age(&self) -> Option<Duration> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|last| self.clock.uptime().saturating_sub(last))
    }
}
