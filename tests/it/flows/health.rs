//! The command `health`, beside the real processes.

use super::ROULETTE;
use crate::support::{PATIENCE, Setup, poll};

/// Returns what a command printed and complained about, and whether it succeeded.
fn said(output: &std::process::Output) -> (bool, String) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn health_of_web_is_that_of_its_probe() {
    let deployment = Setup::new(ROULETTE).start().await;
    let (healthy, lines) = said(&deployment.crosswire_with(&[("RUN", "web")], &["health"]));
    assert!(healthy && lines.starts_with("ready\n"), "{lines}");
    let everywhere = [("HOST", "0.0.0.0")];
    let (healthy, lines) = said(&deployment.crosswire_with(&everywhere, &["health", "web"]));
    assert!(healthy && lines.starts_with("ready\n"), "{lines}");
    deployment.kill_web();
    let (healthy, lines) = said(&deployment.crosswire(&["health", "web"]));
    assert!(!healthy && lines.contains("no answer from http://127.0.0.1:"), "{lines}");
}

#[tokio::test]
async fn web_without_its_store_is_not_healthy() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    deployment.redis().kill9();
    let unhealthy = || {
        let (healthy, lines) = said(&deployment.crosswire(&["health", "web"]));
        (!healthy).then_some(lines)
    };
    let lines = poll(PATIENCE, unhealthy).expect("web misses its store");
    assert!(lines.contains("not ready"), "{lines}");
    deployment.redis().restart();
    deployment.wait_ready().await;
}

#[tokio::test]
async fn health_of_a_worker_is_its_last_report() {
    let deployment = Setup::new(ROULETTE).start().await;
    let healthy = || {
        let (healthy, lines) = said(&deployment.crosswire_with(&[("RUN", "worker")], &["health"]));
        healthy.then_some(lines)
    };
    let lines = poll(PATIENCE, healthy).expect("the worker reports");
    assert!(lines.starts_with("a worker on ") && lines.contains(" runs; "), "{lines}");
    assert!(deployment.stop_worker(0, PATIENCE), "{}", deployment.logs());
    let (healthy, lines) = said(&deployment.crosswire(&["health", "worker"]));
    assert!(!healthy && lines.contains(" runs: stopped"), "{lines}");
}
