//! What a deployment is started with.

use super::Deployment;

/// A deployment before it is started.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(super) topics: String,
    pub(super) workers: usize,
    pub(super) own_redis: bool,
    pub(super) dev: bool,
    pub(super) embedded: bool,
    pub(super) environment: Vec<(String, String)>,
}

impl Setup {
    /// One worker, on the shared Redis. Nothing may be left to do at the end.
    pub(crate) fn new(topics: &str) -> Self {
        Self {
            topics: topics.to_owned(),
            workers: 1,
            own_redis: false,
            dev: false,
            embedded: false,
            environment: Vec::new(),
        }
    }

    /// `crosswire dev`: web and worker are one process, which web's moves start, stop and kill.
    pub(crate) fn dev(topics: &str) -> Self {
        Self { workers: 0, dev: true, ..Self::new(topics) }
    }

    /// On a file of its own, without a Redis.
    pub(crate) fn embedded(mut self) -> Self {
        self.embedded = true;
        self
    }

    /// A variable for every process; set to nothing, one that it would have otherwise is unset.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// A Redis that nobody else uses, to be killed or counted.
    pub(crate) fn own_redis(mut self) -> Self {
        self.own_redis = true;
        self
    }

    pub(crate) async fn start(self) -> Deployment {
        Deployment::start(self).await
    }
}
