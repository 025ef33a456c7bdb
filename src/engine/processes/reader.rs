//! Reports of all processes, read back.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::identity::{POOL, key, place};
use crate::contracts::figures::{LOST_AFTER, ProcessReport};
use crate::contracts::storage::{StateReads, StorageError};
use crate::model::topic::TopicName;

/// Processes of a topic that are read at most, the oldest first: far more than can run, so that those which
/// were lost within the hour do not hide them.
const MOST: usize = 10_000;

/// Values that are read by one round trip.
const STEP: usize = 100;

/// State of a process by its last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    Running,
    /// No report has come for too long, and the last one was no farewell.
    Lost,
    Stopped,
}

impl ProcessState {
    /// Returns the state of the process that has sent a report, at this time.
    pub fn of(report: &ProcessReport, now: DateTime<Utc>) -> Self {
        if report.stopped {
            Self::Stopped
        } else if now - report.at > TimeDelta::from_std(LOST_AFTER).unwrap_or_default() {
            Self::Lost
        } else {
            Self::Running
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Lost => "lost",
            Self::Stopped => "stopped",
        }
    }
}

/// Reads the last report of each process about a topic. One that cannot be read, such as that of another
/// version, is left out.
///
/// # Errors
/// The store is unavailable.
pub async fn reports(
    storage: &dyn StateReads,
    topic: &TopicName,
) -> Result<Vec<ProcessReport>, StorageError> {
    let partition = place(topic);
    let members = storage.members(&partition, POOL, MOST).await?;
    let keys: Vec<String> = members.iter().map(|member| key(member.group.as_str())).collect();
    let mut reports = Vec::with_capacity(keys.len());
    for keys in keys.chunks(STEP) {
        let values = storage.values(&partition, keys).await?;
        let read = values.into_iter().flatten();
        reports.extend(read.filter_map(|value| serde_json::from_str(&value).ok()));
    }
    Ok(reports)
}
