//! A process's life: until its work is done, or somebody wants it to stop.

use std::time::Duration;

use anyhow::Context;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// What is left of Heroku's 30 s between SIGTERM and SIGKILL, with some to spare.
const GRACE: Duration = Duration::from_secs(25);

/// Tells everything in a process to take no more, and to come to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(pub(super) CancellationToken);

impl Stop {
    /// Runs a part of the process without which the rest is to stop too.
    pub(super) async fn with<T>(&self, part: impl Future<Output = T>) -> T {
        let _guard = self.0.clone().drop_guard();
        part.await
    }
}

/// Runs `work` until it returns, which it does soon after a SIGTERM or SIGINT: what is in hand then
/// has 25 s to be finished. What is not is safe: it lies in the store, and its lease ends.
pub(super) fn run_to_the_end<F>(work: impl FnOnce(Stop) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let stop = Stop::default();
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let told = stop.0.clone();
        let overdue = async move {
            tokio::select! {
                _ = terminate.recv() => info!("SIGTERM: finishing what is in hand"),
                _ = interrupt.recv() => info!("SIGINT: finishing what is in hand"),
                () = told.cancelled() => {}
            }
            told.cancel();
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            outcome = work(stop.clone()) => outcome,
            () = overdue => {
                warn!("not finished in time; what is left is for another worker");
                Err(anyhow::anyhow!("stopped with work in hand")).context("after 25 s")
            }
        }
    });
    // A handler that hogs its thread must not keep the process.
    runtime.shutdown_background();
    outcome
}
