//! Lifetime of a process: from its start to the end of its work, or to a signal.

use std::time::Duration;

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::telemetry;

/// Time for the work in hand after a signal: below the 30 s between Heroku's SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(25);

/// Signal to every part of a process that it takes no more work and ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(pub(super) CancellationToken);

impl Stop {
    /// Runs a part of the process; its end stops the other parts.
    pub(super) async fn with<T>(&self, part: impl Future<Output = T>) -> T {
        let _guard = self.0.clone().drop_guard();
        part.await
    }
}

/// Runs `work` until it returns, which it does soon after a SIGTERM or SIGINT: work in hand then has
/// 25 s to finish. A second signal ends the process at once. Unfinished work stays in the store, and
/// is reclaimed when its lease expires.
pub(super) fn run_to_the_end<F>(work: impl FnOnce(Stop) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let stop = Stop::default();
        let signals = Signals::listen()?;
        // A task of its own sees a second signal even when `work` blocks its thread.
        tokio::spawn(signals.stop_then_exit(stop.0.clone()));
        let requested = stop.0.clone();
        let overdue = async move {
            requested.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            outcome = work(stop.clone()) => outcome,
            () = overdue => {
                warn!("stopped with work in hand; another worker reclaims it");
                Err(anyhow::anyhow!("stopped with work in hand")).context("after 25 s")
            }
        }
    });
    // A handler that blocks its thread must not keep the process alive.
    runtime.shutdown_background();
    telemetry::end();
    outcome
}

/// The signals that end a process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Requests a stop at the first signal, and exits at the second one.
    async fn stop_then_exit(mut self, stop: CancellationToken) {
        let (name, _) = self.next().await;
        info!(signal = name, "stopping; finishing the work in hand");
        stop.cancel();
        let (name, number) = self.next().await;
        warn!(signal = name, "second signal; exiting with work in hand");
        // The exit code of a shell for a program that a signal has ended.
        std::process::exit(128 + number);
    }

    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
            _ = self.interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
        }
    }
}

/// Raises the limit of open files as far as the system allows, and returns it.
pub(super) fn raise_open_files_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit };
    limit.current.unwrap_or(u64::MAX)
}
