//! Requests that no provider makes. Each is refused with a reason, and changes nothing.

mod bytes;
mod calls;
mod names;

use std::collections::BTreeMap;

use super::ROULETTE;
use crate::support::twilio::Message;
use crate::support::{Deployment, PATIENCE, Setup};

/// Text of the hostile requests.
const TEXT: &str = "a text from an attacker";

/// Observable state: the contents of Redis, and the number of requests to send.
#[derive(Debug, PartialEq, Eq)]
struct Snapshot {
    redis: BTreeMap<String, Vec<u8>>,
    attempts: usize,
}

async fn snapshot(deployment: &Deployment) -> Snapshot {
    Snapshot {
        redis: deployment.redis().contents().await,
        attempts: deployment.twilio().attempts(),
    }
}

/// Deployment with a chat and a stopped worker, because upkeep would change the state.
async fn idle_chat() -> Deployment {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    for number in ["+14155550101", "+14155550102"] {
        let phone = deployment.phone(number, "/queue/roulette");
        phone.text("connect").await;
        phone.wait_for(1).await;
    }
    deployment.twilio().wait_for(3, PATIENCE).await;
    assert!(deployment.stop_worker(0, PATIENCE), "{}", deployment.logs());
    deployment
}

/// Asserts that the same request, unmodified, is accepted and relayed.
async fn assert_relayed(deployment: &Deployment) {
    deployment.start_worker(0);
    let relayed = |sent: &[Message]| sent.iter().any(|m| m.body == format!("Stranger: {TEXT}"));
    deployment.twilio().wait_until(PATIENCE, relayed).await;
}
