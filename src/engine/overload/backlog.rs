//! Backlog: how old the oldest message is that no worker has taken. A topic whose workers cannot keep up takes
//! no more in than they can handle within a time, and its providers try again later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::contracts::storage::{
    Head, HeadState, Partition, Queue, QueueKind, Storage, StorageError,
};
use crate::engine::outage;
use crate::model::clock::Clock;
use crate::model::message::Mail;

/// Interval between two looks at a partition that messages come for.
const INTERVAL: Duration = Duration::from_secs(1);

/// Time after which a look tells nothing any more: then messages are taken in.
const VALID: Duration = Duration::from_secs(5);

/// Time after the last message of a partition at which nobody looks at it any more.
const IDLE: Duration = Duration::from_mins(1);

/// Longest time that a message waits for the first look at its partition.
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// Mailboxes that are looked at, those first that have waited longest for a worker.
const LOOKED_AT: usize = 5;

/// Name among the parts that wait for the store.
const PART: &str = "age of the backlog";

/// Ages of the backlogs of the partitions that messages come for.
pub struct Backlog {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    partitions: Mutex<HashMap<Partition, Looked>>,
}

/// Knowledge of a partition.
#[derive(Clone, Debug)]
struct Looked {
    max_age: Duration,
    /// Uptime of the last message.
    asked_at: Duration,
    /// Uptime of the last look, and whether a message was too old then.
    result: Option<(Duration, bool)>,
}

impl Backlog {
    pub(super) fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock, partitions: Mutex::default() }
    }

    /// Tests whether a message of a partition has waited longer than this, as the last look has shown. The
    /// first message after a while looks itself; all others cost the store nothing. Without a limit, of
    /// zero, no message has.
    pub(super) async fn is_too_old(&self, partition: &Partition, max_age: Duration) -> bool {
        if max_age.is_zero() {
            return false;
        }
        if self.is_new(partition, max_age) {
            let look = self.look_and_note(partition, max_age);
            // A store that does not answer will not take the message either.
            let _ = tokio::time::timeout(FIRST_LOOK, look).await;
        }
        let now = self.clock.uptime();
        let result = self.partitions().get(partition).and_then(|looked| looked.result);
        result.is_some_and(|(at, is_too_old)| is_too_old && now.saturating_sub(at) < VALID)
    }

    /// Notes that a message has come. Returns whether it is the first of its partition for a while.
    fn is_new(&self, partition: &Partition, max_age: Duration) -> bool {
        let (asked_at, mut partitions) = (self.clock.uptime(), self.partitions());
        if let Some(looked) = partitions.get_mut(partition) {
            looked.asked_at = asked_at;
            return false;
        }
        partitions.insert(partition.clone(), Looked { max_age, asked_at, result: None });
        true
    }

    /// Looks at the partitions that messages come for, and forgets the others.
    pub async fn step(&self) {
        let now = self.clock.uptime();
        let asked: Vec<_> = {
            let mut partitions = self.partitions();
            partitions.retain(|_, looked| now.saturating_sub(looked.asked_at) < IDLE);
            partitions.iter().map(|(partition, it)| (partition.clone(), it.max_age)).collect()
        };
        for (partition, max_age) in asked {
            match self.look_and_note(&partition, max_age).await {
                Ok(()) => outage::answered(PART),
                Err(error) => return outage::waits(PART, &error),
            }
        }
    }

    /// Looks at the interval until it is stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
            self.step().await;
        }
    }

    /// Returns the age of the oldest message that waits for a worker. While an operator pauses the topic,
    /// none does.
    async fn look(
        &self,
        partition: &Partition,
        max_age: Duration,
    ) -> Result<Option<Duration>, StorageError> {
        let queue = Queue { partition: partition.clone(), kind: QueueKind::Inbound };
        let oldest = oldest(&self.storage.heads(&queue, LOOKED_AT).await?, self.clock.now());
        if oldest.is_none_or(|age| age <= max_age) {
            return Ok(oldest);
        }
        let pauses = self.storage.pauses(&partition.topic).await?;
        Ok(oldest.filter(|_| !pauses.iter().any(|pause| pause.scope.is_topic())))
    }

    /// Looks at a partition, and logs when the result is another than the last one.
    async fn look_and_note(
        &self,
        partition: &Partition,
        max_age: Duration,
    ) -> Result<(), StorageError> {
        let oldest = self.look(partition, max_age).await?;
        let is_too_old = oldest.is_some_and(|age| age > max_age);
        let mut partitions = self.partitions();
        let Some(looked) = partitions.get_mut(partition) else { return Ok(()) };
        let result = looked.result.replace((self.clock.uptime(), is_too_old));
        let was_too_old = result.is_some_and(|(_, was)| was);
        let oldest_seconds = oldest.unwrap_or_default().as_secs();
        match (was_too_old, is_too_old) {
            (false, true) => warn!(
                topic.name = %partition.topic,
                partition = partition.number,
                oldest_seconds,
                "refusing messages: the oldest waits longer than max_backlog_age; start workers"
            ),
            (true, false) => info!(
                topic.name = %partition.topic,
                partition = partition.number,
                oldest_seconds,
                "taking messages in again"
            ),
            _ => {}
        }
        Ok(())
    }

    fn partitions(&self) -> MutexGuard<'_, HashMap<Partition, Looked>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the age of the oldest of these messages that waits for a worker. What waits for something else, such
/// as its next attempt, tells nothing of them; nor does a message whose call was lost, which came late.
fn oldest(heads: &[Head], now: DateTime<Utc>) -> Option<Duration> {
    let ready = heads.iter().filter(|head| head.state == HeadState::Ready);
    let received = ready.filter_map(|head| match serde_json::from_str(&head.payload) {
        Ok(Mail::Message(message)) if !message.is_missed => Some(message.received_at),
        // A bulk message waits for others of its kind.
        Ok(Mail::Submission(submission)) if submission.priority.is_normal() => {
            submission.ready_at()
        }
        _ => None,
    });
    received.min().map(|at| (now - at).to_std().unwrap_or_default())
}
