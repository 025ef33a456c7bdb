//! Scrape: all series of a deployment at one moment, read at most once a second.

mod gauges;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::contracts::figures::{ProcessReport, Series, Value};
use crate::contracts::storage::{Health, SafetyCheck};
use crate::engine::operations::{OperationError, Operations};
use crate::engine::processes::{ProcessState, Reporter};

/// Age up to which a scrape is answered with the one before it.
const FRESH: Duration = Duration::from_secs(1);
/// Longest wait for the health of the store, and for its levels after that. Prometheus gives up after 10 s.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
const LEVELS_TIMEOUT: Duration = Duration::from_secs(6);
/// Time for which the figures of a process are shown after its last report, so that its last counts are
/// read by a scrape.
const SHOWN: TimeDelta = TimeDelta::minutes(2);

/// Series of one process, or of the deployment when no process is named.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Id and role of the process.
    pub process: Option<(String, String)>,
    pub series: Vec<Series>,
}

/// Scraper of a process.
pub struct Scraper {
    reporter: Arc<Reporter>,
    /// The store and all other processes, for a scraper of the whole deployment.
    deployment: Option<Deployment>,
    last: Mutex<Option<(Duration, Arc<Vec<Source>>)>>,
}

struct Deployment {
    operations: Operations,
    /// Safety checks of the store that the operator has waived.
    waived: Vec<SafetyCheck>,
}

impl Scraper {
    /// Scrapes the store and all processes.
    pub fn of_deployment(
        reporter: Arc<Reporter>,
        operations: Operations,
        waived: Vec<SafetyCheck>,
    ) -> Self {
        let deployment = Some(Deployment { operations, waived });
        Self { reporter, deployment, last: Mutex::default() }
    }

    /// Scrapes this process alone.
    pub fn of_process(reporter: Arc<Reporter>) -> Self {
        Self { reporter, deployment: None, last: Mutex::default() }
    }

    /// Returns the series of this moment, or those of a scrape within the last second. A store whose health
    /// is not known in time is told by `store_ready`; the figures of this process are there all the same.
    pub async fn scrape(&self) -> Arc<Vec<Source>> {
        // The lock makes scrapes that come at the same time wait for one reading.
        let mut last = self.last.lock().await;
        let clock = &self.reporter.clock;
        if let Some((at, sources)) = last.as_ref()
            && clock.uptime().saturating_sub(*at) < FRESH
        {
            return Arc::clone(sources);
        }
        let sources = Arc::new(self.read().await);
        // The time after the reading: those that waited for it share it, however long it took.
        *last = Some((clock.uptime(), Arc::clone(&sources)));
        sources
    }

    async fn read(&self) -> Vec<Source> {
        let own = &self.reporter.identity;
        let mut sources = vec![Source {
            process: Some((own.id.clone(), own.role.to_owned())),
            series: self.reporter.series(),
        }];
        if let Some(deployment) = &self.deployment {
            sources.extend(deployment.read(&own.id).await);
        }
        sources
    }
}

impl Deployment {
    /// Reads the series of the store, and those of the processes but for this one from their reports.
    async fn read(&self, own: &str) -> Vec<Source> {
        let health = timeout(HEALTH_TIMEOUT, self.operations.storage.health()).await;
        let health = health.ok().and_then(Result::ok);
        let is_ready = health.as_ref().is_some_and(|it| it.blocking(&self.waived).next().is_none());
        let ready = Source { process: None, series: vec![gauges::store_ready(is_ready)] };
        let Some(health) = health else { return vec![ready] };
        let levels = timeout(LEVELS_TIMEOUT, self.levels(own, health)).await;
        let mut sources = levels.ok().and_then(Result::ok).unwrap_or_default();
        match sources.first_mut() {
            Some(store) => store.series.extend(ready.series),
            None => sources.push(ready),
        }
        sources
    }

    /// Reads the levels of the store, and then the series of the other processes.
    async fn levels(&self, own: &str, health: Health) -> Result<Vec<Source>, OperationError> {
        let fleet = self.operations.fleet().await?;
        let overview = self.operations.overview_of(&fleet, health).await?;
        let mut sources = vec![Source { process: None, series: gauges::series(&overview) }];
        let now = self.operations.clock.now();
        for report in fleet.reports().iter().filter(|report| report.id != own) {
            let is_running = ProcessState::of(report, now) == ProcessState::Running;
            if is_running || now - report.at < SHOWN {
                add(&mut sources, report, is_running);
            }
        }
        Ok(sources)
    }
}

/// Adds a report to the series of its process. Series of no topic stand in each of its reports. What a
/// process that does not run has counted is true for ever, but its levels are not.
fn add(sources: &mut Vec<Source>, report: &ProcessReport, is_running: bool) {
    let process = Some((report.id.clone(), report.role.clone()));
    let place = sources.iter().position(|source| source.process == process);
    let place = place.unwrap_or_else(|| {
        sources.push(Source { process, series: Vec::new() });
        sources.len() - 1
    });
    let is_true = |it: &&Series| is_running || !matches!(it.value, Value::Level(_));
    for series in report.series.iter().filter(is_true) {
        let known = &mut sources[place].series;
        if !known.iter().any(|it| it.name == series.name && it.labels == series.labels) {
            known.push(series.clone());
        }
    }
}
