//! Reporter: tells the store what this process does, so that every other one can show it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::identity::{POOL, ProcessIdentity, key, place};
use super::recorder::Recorder;
use super::samples::Sampler;
use super::zeros::begin;
use crate::contracts::figures::catalogue::SOCKETS;
use crate::contracts::figures::{
    FAREWELL_KEPT, Figures, ProcessReport, REPORT_INTERVAL, REPORT_KEPT, Series, catalogue,
};
use crate::contracts::storage::{Change, Storage, StorageError};
use crate::engine::sockets::SocketServer;
use crate::engine::topic::TopicRuntime;
use crate::model::clock::Clock;
use crate::model::state::Write;
use crate::model::topic::TopicName;

/// Longest time that a process waits at its end for the store to take its last report.
const FAREWELL: Duration = Duration::from_secs(2);

/// Reporter of one process.
pub struct Reporter {
    pub storage: Arc<dyn Storage>,
    pub clock: Arc<dyn Clock>,
    pub identity: ProcessIdentity,
    pub recorder: Recorder,
    pub topics: Vec<TopicRuntime>,
    /// Servers of the sockets that this process holds.
    pub sockets: Vec<Arc<SocketServer>>,
}

impl Reporter {
    /// Returns the names of the topics that the process reports about.
    pub fn names(&self) -> Vec<TopicName> {
        self.topics.iter().map(|topic| topic.config.name.clone()).collect()
    }

    /// Returns the series of this process as they are now.
    pub fn series(&self) -> Vec<Series> {
        count_sockets(&self.recorder.figures, &self.sockets);
        for topic in &self.topics {
            begin(&self.recorder.figures, topic, self.identity.role);
        }
        self.recorder.series(&self.names())
    }

    /// Stores a report about each topic.
    ///
    /// # Errors
    /// The first error that was met. The other topics are reported all the same.
    pub async fn step(&self, stopped: bool) -> Result<(), StorageError> {
        let series = self.series();
        let mut outcome = Ok(());
        for topic in self.names() {
            let in_hand = self.recorder.leases.in_hand(&topic);
            let series = of_topic(&series, &topic);
            let report = self.identity.report(&topic, self.clock.now(), in_hand, series);
            outcome = outcome.and(self.store(&ProcessReport { stopped, ..report }).await);
        }
        outcome
    }

    async fn store(&self, report: &ProcessReport) -> Result<(), StorageError> {
        let value = serde_json::to_string(report).expect("a report is strings and numbers");
        let ttl = if report.stopped { FAREWELL_KEPT } else { REPORT_KEPT };
        let group = self.identity.group();
        let writes = vec![
            Write::Put { key: key(&self.identity.id), value, ttl },
            Write::Insert { pool: POOL.to_owned(), group, ttl },
        ];
        self.storage.apply(&place(&report.topic), Change { writes, ..Change::default() }).await
    }

    /// Reports and samples at the interval, each without a wait for the other, until it is stopped, which is
    /// after the last work of the process; and reports once more then.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        tokio::join!(self.report(&stop), self.sample(&stop));
        // Without an answer of the store, the process counts as lost.
        let _ = tokio::time::timeout(FAREWELL, self.step(true)).await;
    }

    async fn report(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let round = async {
                self.log("report of this process waits for the store", self.step(false).await);
                tokio::time::sleep(REPORT_INTERVAL).await;
            };
            stop.run_until_cancelled(round).await;
        }
    }

    async fn sample(&self, stop: &CancellationToken) {
        let sampler = Sampler::new(Arc::clone(&self.storage), Arc::clone(&self.clock));
        while !stop.is_cancelled() {
            let round = async {
                self.log("samples wait for the store", sampler.step(&self.topics).await);
                tokio::time::sleep(REPORT_INTERVAL).await;
            };
            stop.run_until_cancelled(round).await;
        }
    }

    fn log(&self, what: &str, outcome: Result<(), StorageError>) {
        if let Err(error) = outcome {
            tracing::debug!(process.id = %self.identity.id, %error, "{what}");
        }
    }
}

/// Sets the number of sockets of each topic that has any servers.
fn count_sockets(figures: &Figures, servers: &[Arc<SocketServer>]) {
    for server in servers {
        let open = u32::try_from(server.hub().sockets()).unwrap_or(u32::MAX);
        figures.set(&SOCKETS, &[server.topic().as_str()], f64::from(open));
    }
}

/// Returns the series of a topic, and those of no topic.
fn of_topic(series: &[Series], topic: &TopicName) -> Vec<Series> {
    let is_others = |it: &&Series| {
        let figure = catalogue::ALL.iter().find(|figure| figure.name == it.name);
        let is_by_topic = figure.is_some_and(|figure| figure.labels.first() == Some(&"topic"));
        is_by_topic && it.labels.first().is_none_or(|label| label != topic.as_str())
    };
    series.iter().filter(|it| !is_others(it)).cloned().collect()
}
