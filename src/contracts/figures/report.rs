//! Report of a process: what it is, what it has in hand, and its figures.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::series::Series;
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// Interval between two reports of a process.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// Age of the last report after which a process counts as lost.
pub const LOST_AFTER: Duration = Duration::from_secs(20);

/// Time for which the last report of a process is kept.
pub const REPORT_KEPT: Duration = Duration::from_hours(1);

/// Time for which the last report of a process that has ended in good order is kept: until it is scraped.
pub const FAREWELL_KEPT: Duration = Duration::from_mins(2);

/// Report of a process about one of its topics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessReport {
    /// Random id of the process, new with each start.
    pub id: String,
    /// `web`, `worker`, `standalone` or `dev`.
    pub role: String,
    /// Name of the machine, dyno or container.
    pub host: String,
    pub version: String,
    pub started_at: DateTime<Utc>,
    pub at: DateTime<Utc>,
    /// True in the last report of a process that ended in good order.
    #[serde(default)]
    pub stopped: bool,
    pub topic: TopicName,
    /// Messages that the process works on, the longest first, 50 at most.
    pub in_hand: Vec<InHand>,
    /// Series of the topic, and those of no topic.
    pub series: Vec<Series>,
}

/// Message that a process works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InHand {
    /// `inbound` or `outbox`.
    pub queue: String,
    pub message: MessageId,
    pub attempt: u32,
    pub since: DateTime<Utc>,
}
