//! What a deployment is started with.

use super::Deployment;

/// A deployment before it is started.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(super) topics: String,
    pub(super) workers: usize,
    pub(super) own_redis: bool,
}

impl Setup {
    /// One worker, on the shared Redis. Nothing may be left to do at the end.
    pub(crate) fn new(topics: &str) -> Self {
        Self { topics: topics.to_owned(), workers: 1, own_redis: false }
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
