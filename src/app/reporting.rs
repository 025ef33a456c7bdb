//! Reports of this process, from its start to the end of its work.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::prepare::Prepared;
use crate::contracts::storage::Storage;
use crate::engine::processes::{ProcessIdentity, Reporter};
use crate::engine::sockets::SocketServer;
use crate::model::clock::{Clock, SystemClock};

/// Returns the reporter of this process.
pub(super) fn reporter(
    prepared: &Prepared,
    role: &'static str,
    storage: Arc<dyn Storage>,
    sockets: Vec<Arc<SocketServer>>,
) -> Arc<Reporter> {
    Arc::new(Reporter {
        storage,
        clock: Arc::new(SystemClock),
        identity: ProcessIdentity::new(role, SystemClock.now()),
        recorder: prepared.recorder.clone(),
        topics: prepared.services.clone(),
        sockets,
    })
}

/// Runs the work of a process, and reports about it until after its end.
pub(super) async fn during<T>(reporter: Arc<Reporter>, work: impl Future<Output = T>) -> T {
    let done = CancellationToken::new();
    let reports: JoinHandle<()> = tokio::spawn(reporter.run(done.clone()));
    let outcome = work.await;
    done.cancel();
    // A panic of the reporter is in the log, and no reason for the process to fail.
    drop(reports.await);
    outcome
}
