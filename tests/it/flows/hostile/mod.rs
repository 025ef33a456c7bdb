//! Calls that no provider makes. Each is refused in so many words, and changes nothing at all.

mod bytes;
mod calls;
mod names;

use std::collections::BTreeMap;

use super::ROULETTE;
use crate::support::twilio::Message;
use crate::support::{Deployment, PATIENCE, Setup};

/// What somebody tries to say in another's name.
const TEXT: &str = "a text that nobody may hear";

/// What the world looks like: everything that Redis holds, and all that was ever sent.
#[derive(Debug, PartialEq, Eq)]
struct World {
    redis: BTreeMap<String, Vec<u8>>,
    attempts: usize,
}

async fn look(deployment: &Deployment) -> World {
    World { redis: deployment.redis().contents().await, attempts: deployment.twilio().attempts() }
}

/// A chat that somebody could break into. The worker is stopped, since its upkeep writes as well.
async fn quiet_chat() -> Deployment {
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

/// The same call without anything hostile about it is taken: the refusals were for the right reason.
async fn is_heard_after_all(deployment: &Deployment) {
    deployment.start_worker(0);
    let relayed = |sent: &[Message]| sent.iter().any(|m| m.body == format!("Stranger: {TEXT}"));
    deployment.twilio().wait_until(PATIENCE, relayed).await;
}
