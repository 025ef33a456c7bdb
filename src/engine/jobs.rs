//! Jobs of the topics that a process works on: their next occurrences are scheduled.
//!
//! Every worker process schedules the same ones, each minute anew, since a failover of the store may
//! undo it. The handler is woken once for each: see [`JobHandler`](crate::contracts::handler::JobHandler).

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::contracts::handler::{HORIZON, job_key, next_due, occurrence};
use crate::contracts::storage::{Partition, Storage, StorageError};
use crate::engine::outage;
use crate::engine::topic::TopicRuntime;
use crate::model::clock::Clock;
use crate::model::job::Job;

/// Interval of rounds. An occurrence within [`HORIZON`] is scheduled by more than one.
const INTERVAL: Duration = Duration::from_mins(1);
/// Name of the jobs among the parts that wait for the store.
const JOBS: &str = "jobs";
/// Pause before a round is repeated that the store has not answered.
const RETRY: Duration = Duration::from_secs(1);

/// Jobs of some topics.
pub struct Jobs {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    scheduled: Vec<(Partition, Job)>,
}

impl Jobs {
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>, topics: &[TopicRuntime]) -> Self {
        let jobs = |topic: &TopicRuntime| {
            let partition = Partition::first(&topic.config.name);
            topic.config.jobs.clone().into_iter().map(move |job| (partition.clone(), job))
        };
        Self { storage, clock, scheduled: topics.iter().flat_map(jobs).collect() }
    }

    /// Schedules the next occurrence of every job, unless it is further ahead than [`HORIZON`]. Returns
    /// the time until the first one that is still to come.
    ///
    /// # Errors
    /// Unavailable store. The call can be repeated at any time.
    pub async fn step(&self) -> Result<Option<Duration>, StorageError> {
        let now = self.clock.now();
        let mut first = None;
        for (partition, job) in &self.scheduled {
            let record = self.storage.values(partition, &[job_key(job)]).await?.pop().flatten();
            let Some(due) = next_due(job, record.as_deref(), now) else { continue };
            if due <= now + HORIZON {
                self.storage.schedule(partition, occurrence(job, due), due).await?;
            }
            let ahead = (due - now).to_std().ok().filter(|ahead| !ahead.is_zero());
            first = first.into_iter().chain(ahead).min();
        }
        Ok(first)
    }

    /// Makes a round every minute until it is stopped.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            let pause = match self.step().await {
                Ok(_) => {
                    outage::answered(JOBS);
                    INTERVAL
                }
                Err(error) => {
                    outage::waits(JOBS, &error);
                    RETRY
                }
            };
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }
}
