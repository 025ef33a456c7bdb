//! Settings of a deployment.

use super::Deployment;
use super::proxy::Proxy;

/// Redis of a deployment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Servers {
    /// The server of all tests.
    Shared,
    Own,
    /// A server of its own whose clock is so many seconds ahead.
    Ahead(i64),
    /// A master and its replica, behind a sentinel.
    Town,
}

/// A deployment before it is started.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(super) topics: String,
    pub(super) workers: usize,
    pub(super) redis: Servers,
    pub(super) dev: bool,
    pub(super) embedded: bool,
    pub(super) open_files: Option<u32>,
    pub(super) proxy: Option<Proxy>,
    pub(super) environment: Vec<(String, String)>,
}

impl Setup {
    /// One worker, on the shared Redis. The test fails when work is left at its end.
    pub(crate) fn new(topics: &str) -> Self {
        Self {
            topics: topics.to_owned(),
            workers: 1,
            redis: Servers::Shared,
            dev: false,
            embedded: false,
            open_files: None,
            proxy: None,
            environment: Vec::new(),
        }
    }

    /// `crosswire dev`: web and worker are one process, which the methods for web start and stop.
    pub(crate) fn dev(topics: &str) -> Self {
        Self { workers: 0, dev: true, ..Self::new(topics) }
    }

    /// Runs on the embedded store, without Redis.
    pub(crate) fn embedded(mut self) -> Self {
        self.embedded = true;
        self
    }

    /// Sets a variable for every process. An empty value unsets a default one.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Runs on a Redis of its own, which the test may kill or count the keys of.
    pub(crate) fn own_redis(mut self) -> Self {
        self.redis = Servers::Own;
        self
    }

    /// Runs on a master of its own with a replica, which the test may take away, behind a sentinel.
    pub(crate) fn town(mut self) -> Self {
        self.redis = Servers::Town;
        self
    }

    /// Runs on a Redis of its own whose clock is so many seconds ahead, and may be stepped.
    pub(crate) fn redis_ahead_by(mut self, seconds: i64) -> Self {
        self.redis = Servers::Ahead(seconds);
        self
    }

    /// Lets every process reach Redis through a proxy, which the test may make worse.
    pub(crate) fn through(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Limits the open files of every process, beyond its own reach to raise.
    pub(crate) fn open_files(mut self, limit: u32) -> Self {
        self.open_files = Some(limit);
        self
    }

    pub(crate) async fn start(self) -> Deployment {
        Deployment::start(self).await
    }
}
