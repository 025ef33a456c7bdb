//! Processes of a deployment, by their reports.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{OperationError, Operations};
use crate::contracts::figures::catalogue::{CLOCK_AHEAD, Figure, LAST_SENT, MEMORY_BYTES};
use crate::contracts::figures::{ProcessReport, Value};
use crate::engine::processes::{self, ProcessState, Totals};
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// Reports of all processes.
#[derive(Debug, Default)]
pub struct Fleet {
    reports: Vec<ProcessReport>,
}

/// Process, as an operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct ProcessView {
    pub id: String,
    pub role: String,
    pub host: String,
    pub version: String,
    pub started_at: DateTime<Utc>,
    pub at: DateTime<Utc>,
    pub state: ProcessState,
    pub topics: Vec<TopicName>,
    pub in_hand: Vec<WorkView>,
    pub memory_bytes: Option<u64>,
    /// Seconds by which other clocks are ahead of that of the process, by their names.
    pub clocks_ahead: BTreeMap<String, f64>,
}

/// Message that a process works on.
#[derive(Clone, Debug, Serialize)]
pub struct WorkView {
    pub topic: TopicName,
    pub queue: String,
    pub message: MessageId,
    pub attempt: u32,
    pub seconds: f64,
}

impl Operations {
    /// Reads the reports of all processes.
    pub async fn fleet(&self) -> Result<Fleet, OperationError> {
        let mut reports = Vec::new();
        for service in &self.services {
            reports.extend(processes::reports(self.storage.as_ref(), &service.config.name).await?);
        }
        Ok(Fleet { reports })
    }
}

impl Fleet {
    /// Returns the last report of each process about each topic.
    pub fn reports(&self) -> &[ProcessReport] {
        &self.reports
    }

    /// Returns the processes, those that run in front, each once.
    pub fn processes(&self, now: DateTime<Utc>) -> Vec<ProcessView> {
        let mut found: BTreeMap<&str, ProcessView> = BTreeMap::new();
        for report in &self.reports {
            let view = view(report, now);
            match found.get_mut(report.id.as_str()) {
                None => drop(found.insert(&report.id, view)),
                Some(known) => {
                    known.topics.extend(view.topics);
                    known.in_hand.extend(view.in_hand);
                }
            }
        }
        let mut processes: Vec<ProcessView> = found.into_values().collect();
        processes.sort_by_key(|it| (it.state, it.role.clone(), it.started_at));
        processes
    }

    /// Returns the number of processes that run and handle messages of a topic.
    pub fn workers(&self, topic: &TopicName, now: DateTime<Utc>) -> usize {
        let is_worker = |it: &&ProcessReport| it.topic == *topic && it.role != "web";
        let reports = self.reports.iter().filter(is_worker);
        reports.filter(|it| ProcessState::of(it, now) == ProcessState::Running).count()
    }

    /// Returns the series of a topic, added up over all processes.
    pub fn totals(&self, topic: &TopicName) -> Totals {
        let reports = self.reports.iter().filter(|report| report.topic == *topic);
        Totals::of(reports.flat_map(|report| &report.series))
    }

    /// Returns the sum of a level of a topic over the processes that run.
    pub fn level(&self, topic: &TopicName, figure: &Figure, now: DateTime<Utc>) -> f64 {
        let running =
            self.reports.iter().filter(|it| ProcessState::of(it, now) == ProcessState::Running);
        running.filter(|it| it.topic == *topic).filter_map(|it| level(it, figure)).sum()
    }

    /// Returns the transports of a topic, each with the time at which its provider has last accepted a
    /// message.
    pub fn last_sent<'a>(&'a self, topic: &'a TopicName) -> BTreeMap<&'a str, DateTime<Utc>> {
        let mut last: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for (labels, value) in self.values(topic, &LAST_SENT) {
            #[expect(clippy::cast_possible_truncation, reason = "a time is in whole seconds")]
            if let ([_, transport], Value::Level(seconds)) = (labels, value)
                && let Some(at) = DateTime::from_timestamp(*seconds as i64, 0)
            {
                let known = last.entry(transport).or_insert(at);
                *known = (*known).max(at);
            }
        }
        last
    }

    /// Returns the series of a figure of a topic, of every process.
    pub fn values<'a>(
        &'a self,
        topic: &'a TopicName,
        figure: &'a Figure,
    ) -> impl Iterator<Item = (&'a [String], &'a Value)> {
        let reports = self.reports.iter().filter(move |report| report.topic == *topic);
        let series = reports.flat_map(|report| &report.series);
        series
            .filter(move |it| it.name == figure.name)
            .filter(move |it| it.labels.first().is_none_or(|label| label == topic.as_str()))
            .map(|it| (it.labels.as_slice(), &it.value))
    }
}

fn view(report: &ProcessReport, now: DateTime<Utc>) -> ProcessView {
    let work = |it: &crate::contracts::figures::InHand| WorkView {
        topic: report.topic.clone(),
        queue: it.queue.clone(),
        message: it.message.clone(),
        attempt: it.attempt,
        seconds: (now - it.since).to_std().unwrap_or_default().as_secs_f64(),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a size")]
    let memory = level(report, &MEMORY_BYTES).map(|bytes| bytes as u64);
    ProcessView {
        id: report.id.clone(),
        role: report.role.clone(),
        host: report.host.clone(),
        version: report.version.clone(),
        started_at: report.started_at,
        at: report.at,
        state: ProcessState::of(report, now),
        topics: vec![report.topic.clone()],
        in_hand: report.in_hand.iter().map(work).collect(),
        memory_bytes: memory,
        clocks_ahead: clocks_ahead(report),
    }
}

fn clocks_ahead(report: &ProcessReport) -> BTreeMap<String, f64> {
    let clocks = report.series.iter().filter(|it| it.name == CLOCK_AHEAD.name);
    let ahead = clocks.filter_map(|it| match (it.labels.as_slice(), &it.value) {
        ([clock], Value::Level(ahead)) => Some((clock.clone(), *ahead)),
        _ => None,
    });
    ahead.collect()
}

fn level(report: &ProcessReport, figure: &Figure) -> Option<f64> {
    let mut series = report.series.iter().filter(|it| it.name == figure.name);
    series.find_map(|it| if let Value::Level(level) = it.value { Some(level) } else { None })
}
