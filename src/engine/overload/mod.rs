//! Overload: the limits of what a process takes in, whichever way it comes, and the count of what they refuse.

mod backlog;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::warn;

pub use self::backlog::Backlog;
use super::samples::Samples;
use crate::contracts::figures::Figures;
use crate::contracts::figures::catalogue::OVERLOAD_REFUSALS;
use crate::contracts::storage::{Partition, Storage};
use crate::model::clock::Clock;
use crate::model::topic::TopicName;

/// Calls that are in hand at the same time. Each waits for the store, or for the CPU: with more of them,
/// none would be answered in time.
pub const MAX_IN_HAND: usize = 1024;

/// Time in which a limit of a topic is logged at most once.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Limit that something was refused by. Displays as what was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`MAX_IN_HAND`].
    InHand,
    /// `max_backlog_age` of the topic.
    BacklogAge,
    /// `max_depth` of the topic.
    Depth,
}

impl Limit {
    fn label(self) -> &'static str {
        match self {
            Self::InHand => "calls",
            Self::BacklogAge => "age",
            Self::Depth => "depth",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InHand => "too many calls are in hand",
            Self::BacklogAge => "the oldest message waits longer than max_backlog_age",
            Self::Depth => "the topic's queue is full",
        })
    }
}

/// Limits of a process.
pub struct Overload {
    clock: Arc<dyn Clock>,
    backlog: Arc<Backlog>,
    /// Calls that may come into hand beside those that are.
    places: Semaphore,
    warnings: Samples<(TopicName, Limit)>,
    figures: Arc<Figures>,
}

impl Overload {
    /// Creates the limits of a process, which records into these figures.
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>, figures: Arc<Figures>) -> Self {
        Self {
            backlog: Arc::new(Backlog::new(storage, Arc::clone(&clock))),
            clock,
            places: Semaphore::new(MAX_IN_HAND),
            warnings: Samples::every(LOG_INTERVAL),
            figures,
        }
    }

    /// Returns the ages of the backlogs, which are read for as long as [`Backlog::run`] runs.
    pub fn backlog(&self) -> Arc<Backlog> {
        Arc::clone(&self.backlog)
    }

    /// Returns the place of one call, which is in hand until the place is dropped; none when it is refused.
    pub fn place(&self, topic: &TopicName) -> Option<SemaphorePermit<'_>> {
        let place = self.places.try_acquire().ok();
        if place.is_none() {
            self.refused(topic, Limit::InHand);
        }
        place
    }

    /// Tests whether a message of a partition has waited too long for others to be taken in.
    pub async fn is_too_old(&self, partition: &Partition, max_age: Duration) -> bool {
        self.backlog.is_too_old(partition, max_age).await
    }

    /// Notes that a limit has refused something of a topic.
    pub fn refused(&self, topic: &TopicName, limit: Limit) {
        self.figures.count(&OVERLOAD_REFUSALS, &[topic.as_str(), limit.label()], 1);
        if let Some(suppressed) = self.warnings.count((topic.clone(), limit), self.clock.uptime()) {
            warn!(topic.name = %topic, suppressed, "refused: {limit}");
        }
    }
}
