//! Time from an election until web accepts messages again, under a steady load.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rstest::rstest;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};

use crate::support::{Deployment, LINE, Loss, Setup};

const ECHO: &str = r#"
    [topics.echo]
    handler = "echo"
    paths = ["/sms"]
    accept_response = ""
    lease = "1500ms"
    handler_timeout = "1s"
    max_attempts = 100
    max_depth = 1000000
    [topics.echo.sending]
    repeats = 0
    connect_timeout = "500ms"
    timeout = "500ms"
    lease = "5500ms"
    settle = "700ms"
"#;

/// Time within which a message is accepted again.
const LIMIT: Duration = Duration::from_secs(3);
/// Time between two messages.
const INTERVAL: Duration = Duration::from_millis(20);
/// Time for which their sender waits.
const PATIENCE: Duration = Duration::from_secs(3);
/// Time for something to happen that no limit of ours applies to.
const LONG: Duration = Duration::from_mins(1);

/// A steady load of messages, each of another sender, which ends when this is dropped.
struct Load {
    last_accepted: Arc<Mutex<Option<Instant>>>,
    _calls: JoinSet<()>,
}

impl Load {
    fn start(deployment: &Deployment) -> Self {
        let last_accepted = Arc::<Mutex<Option<Instant>>>::default();
        let last = Arc::clone(&last_accepted);
        let call = deployment.webhook("/sms", ["+14155550100", LINE, "hello"]);
        let mut calls = JoinSet::new();
        calls.spawn(async move {
            let (mut ticks, mut underway) = (interval(INTERVAL), JoinSet::new());
            for number in 0_u32.. {
                ticks.tick().await;
                let last = Arc::clone(&last);
                let call = call.clone().set("From", &format!("+1415{number:07}"));
                let call = call.set("MessageSid", &format!("SM{number:032x}"));
                underway.spawn(async move {
                    let answer = timeout(PATIENCE, call.send()).await;
                    if answer.is_ok_and(|answer| answer.is_ok_and(|it| it.status == 200)) {
                        *last.lock().unwrap() = Some(Instant::now());
                    }
                });
            }
        });
        Self { last_accepted, _calls: calls }
    }

    /// Returns the time until the next message is accepted.
    async fn next(&self) -> Duration {
        let since = Instant::now();
        let accepted = async {
            loop {
                let last = *self.last_accepted.lock().unwrap();
                match last.filter(|at| *at > since) {
                    Some(at) => return at - since,
                    None => sleep(Duration::from_millis(5)).await,
                }
            }
        };
        timeout(LONG, accepted).await.expect("a message is accepted")
    }
}

/// The replica returns soon after the election, so that the time of the sentinel, which takes ten seconds to
/// see to it, is not measured.
#[rstest]
#[case(Loss::Killed)]
#[case(Loss::Frozen)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn web_accepts_soon_after_the_new_master_has_its_replica(#[case] loss: Loss) {
    let deployment = Setup::new(ECHO).town().env("REDIS_WAIT_REPLICAS", "1").start().await;
    let (town, load) = (deployment.town(), Load::start(&deployment));
    load.next().await;
    town.lose(0, loss);
    town.wait_for_promotion(1).await;
    town.bring_back(0, loss);
    town.make_replica(0, town.port(1)).await;
    town.wait_for_replica(1).await;
    let took = load.next().await;
    assert!(took < LIMIT, "the next message was accepted after {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn web_accepts_soon_after_the_election_for_a_master_that_hangs() {
    let deployment = Setup::new(ECHO).town().start().await;
    let (town, load) = (deployment.town(), Load::start(&deployment));
    load.next().await;
    town.lose(0, Loss::Frozen);
    town.wait_for_promotion(1).await;
    let took = load.next().await;
    assert!(took < LIMIT, "the next message was accepted after {took:?}");
}
