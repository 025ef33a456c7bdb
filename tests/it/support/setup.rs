//! What a deployment is started with.

use super::Deployment;

/// A deployment before it is started.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(super) topics: String,
    pub(super) workers: usize,
    pub(super) own_redis: bool,
    pub(super) may_leave_work: bool,
    pub(super) environment: Vec<(String, String)>,
}

impl Setup {
    /// One worker, on the shared Redis; nothing may be left to do at the end.
    pub(crate) fn new(topics: &str) -> Self {
        Self {
            topics: topics.to_owned(),
            workers: 1,
            own_redis: false,
            may_leave_work: false,
            environment: Vec::new(),
        }
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

    /// Claims, pending messages and dead letters are no failure of this test.
    pub(crate) fn may_leave_work(mut self) -> Self {
        self.may_leave_work = true;
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) async fn start(self) -> Deployment {
        Deployment::start(self).await
    }
}
