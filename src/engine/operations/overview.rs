//! Overview: the queues, figures, pauses and budgets of every topic, and the processes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::fleet::{Fleet, ProcessView};
use super::{OperationError, Operations};
use crate::contracts::figures::catalogue::{
    CALL_SECONDS, END_TO_END_SECONDS, HANDLER_SECONDS, RETRIES, SEGMENTS, SEND_SECONDS, SETTLED,
    SOCKETS,
};
use crate::contracts::figures::{Times, Value};
use crate::contracts::storage::{Depth, Health, Pause, QueueKind, Spending};
use crate::engine::processes;
use crate::engine::processes::levels::{Levels, QueueLevel};
use crate::engine::topic::TopicRuntime;
use crate::model::consent::OPTED_OUT;
use crate::model::topic::TopicName;

/// Overview of a deployment.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    pub at: DateTime<Utc>,
    pub store: StoreView,
    pub topics: Vec<TopicView>,
    pub processes: Vec<ProcessView>,
}

/// State of the store.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StoreView {
    pub ready: bool,
    pub problems: Vec<String>,
}

impl StoreView {
    /// Describes a store that gives no answer.
    pub fn away() -> Self {
        Self { ready: false, problems: vec!["the store is away; start it again".to_owned()] }
    }
}

impl From<Health> for StoreView {
    fn from(health: Health) -> Self {
        let fatal = health.fatal.iter().map(ToString::to_string);
        Self { ready: true, problems: fatal.chain(health.degraded.clone()).collect() }
    }
}

/// Topic, as an operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct TopicView {
    pub name: TopicName,
    pub handler: String,
    pub transports: Vec<String>,
    pub queues: BTreeMap<&'static str, QueueView>,
    pub totals: Totals,
    pub latency: BTreeMap<&'static str, Latency>,
    pub retries: Vec<Retries>,
    pub pauses: Vec<PauseView>,
    pub budgets: Vec<BudgetView>,
    pub opt_outs: u64,
    pub sockets: f64,
    pub backlog_per_worker: f64,
}

/// Messages and mailboxes of a queue, by state.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QueueView {
    #[serde(flatten)]
    pub depth: Depth,
    pub oldest_seconds: Option<f64>,
}

/// Totals of a topic since the processes started that still report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    pub received: u64,
    pub handled: u64,
    pub sent: u64,
    /// Messages of either queue that were given up.
    pub failed: u64,
    pub retried: u64,
    pub conflicts: u64,
    pub segments: u64,
}

/// Durations, in seconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    pub count: u64,
    pub p50: Option<f64>,
    pub p99: Option<f64>,
}

/// Messages that are tried again later, by reason.
#[derive(Clone, Debug, Serialize)]
pub struct Retries {
    pub queue: String,
    pub reason: String,
    pub count: u64,
}

/// Pause, as an operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct PauseView {
    /// Scope in the form that the API takes.
    pub scope: String,
    /// Scope with its line masked.
    pub shown: String,
    pub remaining_seconds: Option<f64>,
    pub code: u32,
    pub reason: String,
    pub by_operator: bool,
}

/// Budget of a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BudgetView {
    pub scope: String,
    pub limit: u64,
    pub spent: u64,
    pub left: u64,
    pub added: u64,
}

impl Operations {
    /// Reads the overview. Its cost does not grow with the messages that are stored.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn overview(&self) -> Result<Overview, OperationError> {
        let health = self.storage.health().await?;
        self.overview_of(&self.fleet().await?, health).await
    }

    /// Reads the overview of these processes, on a store of this health.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn overview_of(
        &self,
        fleet: &Fleet,
        health: Health,
    ) -> Result<Overview, OperationError> {
        let (at, store) = (self.clock.now(), health.into());
        let mut topics = Vec::new();
        for service in &self.services {
            topics.push(self.topic(service, fleet, at).await?);
        }
        Ok(Overview { at, store, topics, processes: fleet.processes(at) })
    }

    async fn topic(
        &self,
        service: &TopicRuntime,
        fleet: &Fleet,
        at: DateTime<Utc>,
    ) -> Result<TopicView, OperationError> {
        let (config, all) = (&service.config, fleet.totals(&service.config.name));
        let levels = Levels::of_queues(self.storage.as_ref(), service, at).await?;
        let [inbound, outbox] = QueueKind::ALL.map(|kind| QueueView::from(levels.of(kind)));
        let pauses = self.storage.pauses(&config.name).await?;
        let waiting = u32::try_from(levels.backlog()).unwrap_or(u32::MAX);
        let workers = u32::try_from(fleet.workers(&config.name, at)).unwrap_or(u32::MAX);
        Ok(TopicView {
            handler: config.handler.clone(),
            transports: config.transports.iter().map(|it| it.name.clone()).collect(),
            queues: BTreeMap::from([("inbound", inbound), ("outbox", outbox)]),
            totals: totals(&all, config.name.as_str()),
            latency: latency(&all, config.name.as_str()),
            retries: retries(fleet, &config.name),
            pauses: pauses.iter().map(PauseView::from).collect(),
            budgets: self.budgets(service).await?,
            opt_outs: self.opt_outs(service).await?,
            sockets: fleet.level(&config.name, &SOCKETS, at),
            backlog_per_worker: f64::from(waiting) / f64::from(workers.max(1)),
            name: config.name.clone(),
        })
    }

    /// Returns the budgets of a topic.
    pub async fn budgets(&self, service: &TopicRuntime) -> Result<Vec<BudgetView>, OperationError> {
        let mut views = Vec::new();
        for (scope, limit) in service.config.sending.budgets.all() {
            let spending = self.storage.spending(&service.config.name, scope).await?;
            let Spending { spent, added } = spending;
            let left = limit.saturating_add(added).saturating_sub(spent);
            views.push(BudgetView { scope: scope.to_owned(), limit, spent, left, added });
        }
        Ok(views)
    }

    async fn opt_outs(&self, service: &TopicRuntime) -> Result<u64, OperationError> {
        let mut count = 0;
        for partition in service.partitions() {
            count += self.storage.size(&partition, OPTED_OUT).await?;
        }
        Ok(count)
    }
}

impl From<&QueueLevel> for QueueView {
    fn from(level: &QueueLevel) -> Self {
        let oldest_seconds = level.oldest.map(|age| age.as_secs_f64());
        Self { depth: level.depth, oldest_seconds }
    }
}

impl From<&Pause> for PauseView {
    fn from(pause: &Pause) -> Self {
        Self {
            scope: pause.scope.short(),
            shown: pause.scope.to_string(),
            remaining_seconds: pause.ends_in().map(|time| time.as_secs_f64()),
            code: pause.code,
            // The provider's text may hold anything.
            reason: pause.reason.chars().filter(|it| !it.is_control()).collect(),
            by_operator: pause.scope.by_operator,
        }
    }
}

impl From<Times> for Latency {
    fn from(times: Times) -> Self {
        let count = times.count();
        Self { count, p50: times.quantile(0.5), p99: times.quantile(0.99) }
    }
}

fn totals(all: &processes::Totals, topic: &str) -> Totals {
    Totals {
        received: all.received(topic),
        handled: all.handled(topic),
        sent: all.sent(topic),
        failed: all.failed(topic),
        retried: all.count(&RETRIES, &[topic]),
        conflicts: all.count_of(&SETTLED, &[topic], &["conflict"]),
        segments: all.count(&SEGMENTS, &[topic]),
    }
}

fn latency(all: &processes::Totals, topic: &str) -> BTreeMap<&'static str, Latency> {
    let stages = [
        ("call", &CALL_SECONDS),
        ("handler", &HANDLER_SECONDS),
        ("send", &SEND_SECONDS),
        ("end_to_end", &END_TO_END_SECONDS),
    ];
    stages.into_iter().map(|(name, figure)| (name, all.times(figure, &[topic]).into())).collect()
}

fn retries(fleet: &Fleet, topic: &TopicName) -> Vec<Retries> {
    let mut found: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (labels, value) in fleet.values(topic, &RETRIES) {
        if let ([_, queue, reason], Value::Count(count)) = (labels, value) {
            *found.entry((queue, reason)).or_default() += count;
        }
    }
    let retries = found.into_iter();
    retries
        .map(|((queue, reason), count)| Retries {
            queue: queue.to_owned(),
            reason: reason.to_owned(),
            count,
        })
        .collect()
}
