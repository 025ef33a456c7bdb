//! Sweeper: takes in the messages that a provider has received and that its calls have not brought.
//!
//! A call is lost when no web process was reachable for as long as the provider repeats it. The
//! provider's list is read at an interval by one process at a time, and the store keeps the time
//! of the last reading. Each one overlaps the one before it: a message that was taken in already is a duplicate, and changes nothing.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::contracts::storage::{Change, Partition, Pushed, Storage, StorageError};
use crate::contracts::transport::DynTransport;
use crate::engine::intake::{Intake, Outcome};
use crate::engine::outage;
use crate::model::clock::Clock;
use crate::model::message::Incoming;
use crate::model::state::Write;
use crate::model::topic::TopicName;

/// Longest time that a reading reaches back.
const REACH: TimeDelta = TimeDelta::hours(24);
/// Time by which a reading overlaps the one before it.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);
/// Life of the time of the last reading: longer than any reading reaches back.
const LAST_TTL: Duration = Duration::from_hours(7 * 24);

/// Sweeper of one transport of one topic.
pub struct Sweeper {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    intake: Arc<Intake>,
    topic: TopicName,
    /// Route of the webhook whose calls may be lost.
    route: String,
    transport: Arc<dyn DynTransport>,
    interval: Duration,
}

impl Sweeper {
    /// Creates the sweepers of all transports that have a list to read.
    pub fn all(
        intake: &Arc<Intake>,
        storage: &Arc<dyn Storage>,
        clock: &Arc<dyn Clock>,
    ) -> Vec<Self> {
        let sweeper = |(route, topic, transport): (&str, &TopicName, &Arc<dyn DynTransport>)| {
            Some(Self {
                storage: Arc::clone(storage),
                clock: Arc::clone(clock),
                intake: Arc::clone(intake),
                topic: topic.clone(),
                route: route.to_owned(),
                interval: transport.sweep_interval()?,
                transport: Arc::clone(transport),
            })
        };
        intake.transports().filter_map(sweeper).collect()
    }

    /// Reads the provider's list, when it is this process's turn, and takes in what is missing. Returns
    /// the number of messages that were.
    pub async fn step(&self) -> usize {
        match self.sweep().await {
            Ok(taken) => {
                outage::answered(&self.route);
                if taken > 0 {
                    tracing::warn!(topic.name = %self.topic, taken, "messages taken in whose call was lost");
                }
                taken
            }
            Err(error) => {
                outage::waits(&self.route, &error);
                0
            }
        }
    }

    async fn sweep(&self) -> Result<usize, StorageError> {
        // A little less than the interval, so that the turn is free when this process comes again.
        let (partition, work) = (self.partition(), format!("sweep:{}", self.route));
        if !self.storage.take_turn(&partition, &work, self.interval * 9 / 10).await? {
            return Ok(0);
        }
        let now = self.clock.now();
        let last = self.last().await?;
        let since = (last.unwrap_or(now) - OVERLAP).max(now - REACH);
        let (taken, is_complete) = match self.transport.missed(since).await {
            Ok(missed) => self.take_in(missed.unwrap_or_default()).await,
            Err(error) => {
                tracing::warn!(topic.name = %self.topic, %error, "list of inbound messages is unavailable");
                (0, false)
            }
        };
        // Otherwise the next reading begins where this one did, the first one too.
        if is_complete || last.is_none() {
            self.remember(now).await?;
        }
        Ok(taken)
    }

    fn partition(&self) -> Partition {
        Partition::first(&self.topic)
    }

    fn key(&self) -> String {
        format!("swept:{}", self.route)
    }

    /// Time of the last reading, by any process, that took in everything.
    async fn last(&self) -> Result<Option<DateTime<Utc>>, StorageError> {
        let values = self.storage.values(&self.partition(), &[self.key()]).await?;
        let millis = values.into_iter().flatten().next().and_then(|value| value.parse().ok());
        Ok(millis.and_then(DateTime::from_timestamp_millis))
    }

    async fn remember(&self, last: DateTime<Utc>) -> Result<(), StorageError> {
        let value = last.timestamp_millis().to_string();
        let writes = vec![Write::Put { key: self.key(), value, ttl: LAST_TTL }];
        self.storage.apply(&self.partition(), Change { writes, ..Change::default() }).await
    }

    /// Takes messages in as if calls had brought them. Returns the number of those that were missing, and
    /// whether the store has taken all.
    async fn take_in(&self, missed: Vec<Incoming>) -> (usize, bool) {
        let mut taken = 0;
        for incoming in missed {
            match self.intake.take_missed(&self.route, incoming).await {
                Ok(receipt) if receipt.outcome == Outcome::Pushed(Pushed::Accepted) => taken += 1,
                Ok(_) => {}
                Err(_) => return (taken, false),
            }
        }
        (taken, true)
    }

    /// Sweeps at the interval until it is stopped.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.interval)).await.is_some() {
            self.step().await;
        }
    }
}
