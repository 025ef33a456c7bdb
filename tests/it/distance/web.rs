//! A store far away that stands still, while webhooks keep coming.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::support::redis::RedisServer;
use crate::support::{LINE, Setup, distant};

const ECHO: &str = "
[topics.echo]
handler = \"echo\"
paths = [\"/sms\"]
max_depth = 1000000
";

/// Webhooks a second.
const RATE: u32 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn web_accepts_webhooks_within_three_seconds_of_its_store() {
    let redis = RedisServer::volatile();
    let url = format!("redis://{}", distant(redis.address(), Duration::from_millis(25)).await);
    let setup = Setup::new(ECHO).workers(0).env("REDIS_URL", &url).env("RUST_LOG", "info");
    let deployment = Arc::new(setup.start().await);
    let frozen = Instant::now() + Duration::from_secs(2);
    let back = frozen + Duration::from_secs(7);
    let (recovered, end) = (back + Duration::from_secs(3), back + Duration::from_secs(6));
    let freeze = async {
        sleep_until(frozen).await;
        redis.signal(Signal::SIGSTOP);
        sleep_until(back).await;
        redis.signal(Signal::SIGCONT);
    };
    let load = async {
        let mut ticks = interval(Duration::from_secs(1) / RATE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut calls, mut number) = (JoinSet::new(), 0);
        while Instant::now() < end {
            ticks.tick().await;
            number += 1;
            let (deployment, from) = (Arc::clone(&deployment), format!("+1415{number:07}"));
            calls.spawn(async move {
                let began = Instant::now();
                let webhook = deployment.webhook("/sms", [&from, LINE, "hello"]);
                (began, webhook.send().await.is_ok_and(|answer| answer.status == 200))
            });
        }
        calls.join_all().await
    };
    let (mut calls, ()) = tokio::join!(load, freeze);
    calls.retain(|(began, _)| *began > recovered);
    let accepted = calls.iter().filter(|(_, is_accepted)| *is_accepted).count();
    assert!(accepted * 100 >= calls.len() * 95, "{accepted} of {} were accepted", calls.len());
}
