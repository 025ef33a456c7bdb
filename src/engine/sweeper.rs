//! Sweeper: takes in the messages that a provider has received and that its calls have not brought.
//!
//! A call is lost when no web process was reachable for as long as the provider repeats it. The
//! provider's list is read at an interval by one process at a time. Each reading overlaps the one
//! before it: a message that was taken in already is a duplicate, and changes nothing.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::contracts::storage::{Partition, Pushed, Storage};
use crate::contracts::transport::DynTransport;
use crate::engine::intake::{Intake, Outcome};
use crate::model::clock::Clock;
use crate::model::message::Incoming;
use crate::model::topic::TopicName;

/// Time that the first reading of a process reaches back.
const FIRST: TimeDelta = TimeDelta::hours(1);
/// Time by which a reading overlaps the one before it.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);

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
    /// Time of the last reading of this process that took in everything.
    last: Option<DateTime<Utc>>,
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
                last: None,
            })
        };
        intake.transports().filter_map(sweeper).collect()
    }

    /// Reads the provider's list, when it is this process's turn, and takes in what is missing. Returns
    /// the number of messages that were.
    pub async fn step(&mut self) -> usize {
        if !self.has_turn().await {
            return 0;
        }
        let now = self.clock.now();
        let since = self.last.map_or(now - FIRST, |last| last - OVERLAP);
        let topic = &self.topic;
        match self.transport.missed(since).await {
            Ok(missed) => {
                let (taken, is_complete) = self.take_in(missed.unwrap_or_default()).await;
                if taken > 0 {
                    tracing::warn!(topic.name = %topic, taken, "messages taken in whose call was lost");
                }
                // Otherwise the next reading begins where this one did.
                if is_complete {
                    self.last = Some(now);
                }
                taken
            }
            Err(error) => {
                tracing::warn!(topic.name = %topic, %error, "list of inbound messages is unavailable");
                0
            }
        }
    }

    async fn has_turn(&self) -> bool {
        // A little less than the interval, so that the turn is free when this process comes again.
        let every = self.interval * 9 / 10;
        let partition = Partition { topic: self.topic.clone(), number: 0 };
        let work = format!("sweep:{}", self.route);
        match self.storage.take_turn(&partition, &work, every).await {
            Ok(has_turn) => has_turn,
            Err(error) => {
                tracing::warn!(topic.name = %self.topic, %error, "sweep waits for the store");
                false
            }
        }
    }

    /// Takes messages in as if calls had brought them. Returns the number of those that were missing, and
    /// whether the store has taken all.
    async fn take_in(&self, missed: Vec<Incoming>) -> (usize, bool) {
        let mut taken = 0;
        for incoming in missed {
            match self.intake.take(&self.route, incoming).await {
                Ok(receipt) if receipt.outcome == Outcome::Pushed(Pushed::Accepted) => taken += 1,
                Ok(_) => {}
                Err(_) => return (taken, false),
            }
        }
        (taken, true)
    }

    /// Sweeps at the interval until it is stopped.
    pub async fn run(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.interval)).await.is_some() {
            self.step().await;
        }
    }
}
