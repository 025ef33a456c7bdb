//! Outages of the store, and graceful shutdown.

use std::time::Duration;

use futures_util::future::join_all;

use super::ROULETTE;
use super::texts::{CONNECTED, WAIT};
use crate::support::{Deployment, Phone, Setup};

/// Time limit of a shutdown. Platforms kill a process 30 seconds after SIGTERM.
const GRACE: Duration = Duration::from_secs(25);

async fn chatting(deployment: &Deployment) -> (Phone<'_>, Phone<'_>) {
    let anna = deployment.phone("+14155550101", "/sms");
    let ben = deployment.phone("+14155550102", "/sms");
    anna.text("connect").await;
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    ben.text("connect").await;
    assert_eq!(ben.wait_for(1).await, [CONNECTED]);
    (anna, ben)
}

#[tokio::test]
async fn webhook_without_a_store_gets_503_and_nothing_is_lost() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    deployment.redis().kill9();
    let call = anna.webhook("put off, not lost");
    assert_eq!(call.send().await.unwrap().status, 503);
    deployment.wait_for_readiness(|answer| answer.status == 503).await;
    assert_eq!(deployment.get("/healthz").await.unwrap().status, 200);
    deployment.redis().restart();
    deployment.wait_ready().await;
    assert_eq!(call.send_until_accepted().await.said(), None);
    assert_eq!(ben.wait_for(2).await[1..], ["Stranger: put off, not lost"]);
}

#[tokio::test]
async fn stopped_worker_leaves_no_message_unfinished() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    for round in 0..3 {
        join_all((0..20).map(|n| {
            let text = format!("round {round} text {n}");
            let anna = &anna;
            async move { anna.text(&text).await }
        }))
        .await;
        // Once one text is sent, the worker is running and has claimed or is about to claim the rest.
        ben.wait_for(1 + 20 * round + 1).await;
        assert!(deployment.stop_worker(0, GRACE), "{}", deployment.logs());
        deployment.start_worker(0);
    }
    let mut got = ben.wait_for(61).await;
    got.remove(0);
    got.sort();
    let mut expected: Vec<String> = (0..3)
        .flat_map(|round| (0..20).map(move |n| format!("Stranger: round {round} text {n}")))
        .collect();
    expected.sort();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn stopped_web_ends_in_time_and_restarts() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    assert!(deployment.stop_web(GRACE), "{}", deployment.logs());
    assert!(deployment.get("/healthz").await.is_err());
    deployment.start_web();
    deployment.wait_ready().await;
    anna.text("back again").await;
    assert_eq!(ben.wait_for(2).await[1..], ["Stranger: back again"]);
}
