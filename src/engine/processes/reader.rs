//! Reports of all processes, read back: which run, which are lost, and what each has in hand.

use chrono::{DateTime, TimeDelta, Utc};

use super::identity::{POOL, key, place};
use crate::contracts::figures::catalogue::MEMORY_BYTES;
use crate::contracts::figures::{InHand, LOST_AFTER, ProcessReport, Value};
use crate::contracts::storage::{StateReads, StorageError};
use crate::model::topic::TopicName;

/// Processes of a topic that are read at most, the oldest first.
const MOST: usize = 1_000;

/// Values that are read by one round trip.
const STEP: usize = 100;

/// State of a process by its last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// Process, as its reports about all its topics show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    pub state: ProcessState,
    /// Its last report; that of any topic, but for the topic's own parts.
    pub last: ProcessReport,
    pub topics: Vec<TopicName>,
    /// The longest first.
    pub in_hand: Vec<(TopicName, InHand)>,
}

impl Process {
    /// Returns the resident memory in bytes, if the process knows it.
    pub fn memory_bytes(&self) -> Option<f64> {
        let series = self.last.series.iter().find(|it| it.name == MEMORY_BYTES.name)?;
        if let Value::Level(bytes) = series.value { Some(bytes) } else { None }
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

/// Joins the reports about several topics to processes: running ones first, then by role and start.
pub fn processes(reports: &[ProcessReport], now: DateTime<Utc>) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    for report in reports {
        let in_hand = report.in_hand.iter().map(|it| (report.topic.clone(), it.clone()));
        let Some(known) = found.iter_mut().find(|it| it.last.id == report.id) else {
            found.push(Process {
                state: ProcessState::of(report, now),
                last: report.clone(),
                topics: vec![report.topic.clone()],
                in_hand: in_hand.collect(),
            });
            continue;
        };
        known.topics.push(report.topic.clone());
        known.in_hand.extend(in_hand);
        if report.at > known.last.at {
            known.last = report.clone();
            known.state = ProcessState::of(report, now);
        }
    }
    for process in &mut found {
        process.in_hand.sort_by_key(|(_, it)| it.since);
    }
    found.sort_by(|one, other| {
        let key = |it: &Process| (it.state, it.last.role.clone(), it.last.started_at);
        key(one).cmp(&key(other))
    });
    found
}
