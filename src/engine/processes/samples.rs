//! Samples: a line every ten seconds with the numbers of a topic, from which charts are drawn.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::levels::Levels;
use super::reader::reports;
use super::totals::Totals;
use crate::contracts::storage::{FeedLimits, Partition, Storage, StorageError};
use crate::engine::topic::TopicRuntime;
use crate::model::clock::Clock;
use crate::model::topic::TopicName;

/// Interval between two samples.
const INTERVAL: Duration = Duration::from_secs(10);

/// Samples that are kept: those of six hours.
const LIMITS: FeedLimits = FeedLimits::lines(2_160);

/// Numbers of a topic at one moment. Counts are totals since the processes started, so that one which is
/// lower than that before it begins anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub at: DateTime<Utc>,
    pub inbound: u64,
    pub outbox: u64,
    /// Age of the oldest waiting message of either queue.
    pub oldest_seconds: f64,
    pub dead: u64,
    pub received: u64,
    pub handled: u64,
    pub sent: u64,
    /// Messages of either queue that were given up.
    pub failed: u64,
}

/// Returns the name of the feed that holds the samples of a topic.
pub fn feed(topic: &TopicName) -> String {
    format!("samples:{topic}")
}

/// Sampler of all topics of a process. Each sample is taken by one process.
pub struct Sampler {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

impl Sampler {
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock }
    }

    /// Publishes a sample of each topic for which it is this process's turn.
    ///
    /// # Errors
    /// The first error that was met. The other topics are sampled all the same.
    pub async fn step(&self, topics: &[TopicRuntime]) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        for topic in topics {
            outcome = outcome.and(self.publish(topic).await);
        }
        outcome
    }

    async fn publish(&self, topic: &TopicRuntime) -> Result<(), StorageError> {
        let partition = Partition::first(&topic.config.name);
        if self.storage.take_turn(&partition, "sample", INTERVAL).await? {
            let sample = self.sample(topic).await?;
            let line = serde_json::to_string(&sample).expect("a sample is numbers throughout");
            self.storage.publish(&feed(&topic.config.name), &line, LIMITS).await?;
        }
        Ok(())
    }

    async fn sample(&self, topic: &TopicRuntime) -> Result<Sample, StorageError> {
        let (storage, at) = (self.storage.as_ref(), self.clock.now());
        let levels = Levels::of_queues(storage, topic, at).await?;
        let reports = reports(storage, &topic.config.name).await?;
        let totals = Totals::of(reports.iter().flat_map(|report| &report.series));
        let name = topic.config.name.as_str();
        let (inbound, outbox) = (&levels.inbound, &levels.outbox);
        Ok(Sample {
            at,
            inbound: inbound.depth.pending,
            outbox: outbox.depth.pending,
            oldest_seconds: inbound.oldest_seconds().max(outbox.oldest_seconds()),
            dead: inbound.depth.dead + outbox.depth.dead,
            received: totals.received(name),
            handled: totals.handled(name),
            sent: totals.sent(name),
            failed: totals.failed(name),
        })
    }
}
