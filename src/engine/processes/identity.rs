//! Identity of a process in its reports.

use chrono::{DateTime, Utc};

use crate::contracts::figures::{InHand, ProcessReport, Series};
use crate::contracts::storage::Partition;
use crate::model::address::Group;
use crate::model::topic::TopicName;

/// Pool of the processes that have reported, in the first partition of each topic.
pub(super) const POOL: &str = "processes";

/// Identity of a process, from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessIdentity {
    /// Random, new with each start.
    pub id: String,
    /// `web`, `worker`, `standalone` or `dev`.
    pub role: &'static str,
    pub host: String,
    pub started_at: DateTime<Utc>,
}

impl ProcessIdentity {
    /// Names a process that starts now.
    pub fn new(role: &'static str, started_at: DateTime<Utc>) -> Self {
        let id = uuid::Uuid::now_v7().simple().to_string();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { id, role, host, started_at }
    }

    /// Returns the report of this process about a topic.
    pub(super) fn report(
        &self,
        topic: &TopicName,
        at: DateTime<Utc>,
        in_hand: Vec<InHand>,
        series: Vec<Series>,
    ) -> ProcessReport {
        ProcessReport {
            id: self.id.clone(),
            role: self.role.to_owned(),
            host: self.host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            at,
            stopped: false,
            topic: topic.clone(),
            in_hand,
            series,
        }
    }

    /// Returns the member of the pool that stands for this process.
    pub(super) fn group(&self) -> Group {
        Group::from_id(&self.id)
    }
}

/// Returns the partition that holds the reports about a topic.
pub(super) fn place(topic: &TopicName) -> Partition {
    Partition::first(topic)
}

/// Returns the key of a process's report.
pub(super) fn key(id: &str) -> String {
    format!("process:{id}")
}
