//! Probes: what `/readyz` and `check` tell.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nix::sys::signal::Signal;

use crate::support::{Deployment, PATIENCE, Setup};

const TOPICS: &str = "
    [topics.echo]
    handler = \"echo\"
    accept_response = \"\"
";

/// Asks `/readyz` until its text contains this.
async fn until_ready_says(deployment: &Deployment, wanted: &str) -> String {
    let said = async {
        loop {
            let answer = deployment.get("/readyz").await.unwrap();
            if answer.body.contains(wanted) {
                assert_eq!(answer.status, 200, "it is no reason to take the process away");
                return answer.body;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let said = tokio::time::timeout(PATIENCE, said).await;
    said.unwrap_or_else(|_| panic!("/readyz never says {wanted}\n{}", deployment.logs()))
}

#[tokio::test]
async fn readiness_names_the_last_send_and_a_missing_worker() {
    let deployment = Setup::new(TOPICS).own_redis().start().await;
    let phone = deployment.phone("+14155550101", "/queue/echo");
    phone.text("echo hello").await;
    phone.wait_for(1).await;
    let said =
        until_ready_says(&deployment, "echo: nothing waits, twilio took the last one ").await;
    assert!(said.starts_with("ready\n") && !said.contains("no worker"), "{said}");
    assert!(deployment.stop_worker(0, PATIENCE));
    until_ready_says(&deployment, "degraded: echo: no worker runs").await;
    phone.text("echo again").await;
    until_ready_says(&deployment, "echo: the oldest message waits for ").await;
    deployment.start_worker(0);
    phone.wait_for(2).await;
}

#[tokio::test]
async fn probes_of_a_store_that_hangs_wait_for_one_reading() {
    let deployment = Setup::new(TOPICS).own_redis().start().await;
    deployment.redis().signal(Signal::SIGSTOP);
    deployment.wait_for_readiness(|answer| answer.status == 503).await;
    let begun = Instant::now();
    let answers = join_all((0..8).map(|_| deployment.get("/readyz"))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status == 503));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    deployment.redis().signal(Signal::SIGCONT);
    deployment.wait_ready().await;
}

#[tokio::test]
async fn readiness_names_a_missing_public_url() {
    let deployment = Setup::new(TOPICS).own_redis().env("PUBLIC_URL", "").start().await;
    until_ready_says(&deployment, "degraded: PUBLIC_URL: not set").await;
}

#[tokio::test]
async fn check_fails_when_the_store_cannot_be_reached() {
    let deployment = Setup::new(TOPICS).own_redis().start().await;
    let here = deployment.crosswire(&["check"]);
    assert!(here.status.success(), "{}", String::from_utf8_lossy(&here.stdout));
    let away = deployment.crosswire_with(&[("REDIS_URL", "redis://127.0.0.1:1")], &["check"]);
    assert!(!away.status.success(), "{}", String::from_utf8_lossy(&away.stdout));
}
