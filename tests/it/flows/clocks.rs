//! Texts through processes whose store has another time than they, or whose clock is stepped while they work.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::twilio::{Behaviour, Faults, InboundText};
use crate::support::{Deployment, Setup, poll};

const TOPICS: &str = r#"
    [topics.echo]
    handler = "echo"
    accept_response = ""
    sender_rate = 0
    [topics.echo.sending]
    concurrency = 16
    connect_timeout = "500ms"
    timeout = "1s"
    lease = "6s"
    settle = "1s"
    max_attempts = 100
"#;

const HOUR: i64 = 3600;

/// Longest time until every text has arrived. None waits for the hour that a clock is off.
const PATIENCE: Duration = Duration::from_mins(1);

/// Each text is sent to a phone of its own.
const TEXTS: usize = 120;

async fn deployment(redis_ahead: i64) -> Deployment {
    let deployment = Setup::new(TOPICS).redis_ahead_by(redis_ahead).workers(2).start().await;
    deployment.twilio().set_webhook(&deployment.url("/queue/echo#rc=5&rp=all"));
    deployment
}

/// Half of the texts are taken by the provider and look as if they were not; a tenth is throttled.
fn faults() -> Faults {
    Faults::mix(
        7,
        [
            (250, Behaviour::AcceptThenDrop),
            (250, Behaviour::AcceptThenFail(500)),
            (100, Behaviour::Throttle { retry_after: None }),
        ],
    )
}

async fn say(deployment: &Deployment, texts: std::ops::Range<usize>) {
    for number in texts {
        let text = InboundText::new(&phone(number), "echo hello");
        let outcome = deployment.twilio().receive(text).await;
        assert_eq!(outcome.error, None, "{:?}", outcome.statuses);
    }
}

fn phone(number: usize) -> String {
    format!("+1415555{number:04}")
}

/// Number of texts that were sent to each phone.
fn arrived(deployment: &Deployment) -> BTreeMap<String, usize> {
    let mut arrived = BTreeMap::new();
    for message in deployment.twilio().messages() {
        *arrived.entry(message.to).or_default() += 1;
    }
    arrived
}

/// Waits until nothing is left to do, and compares the provider's own count with the texts that were owed.
fn assert_each_arrives_once(deployment: &Deployment) {
    let is_done = || {
        let status = deployment.crosswire(&["status", "--json"]);
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).ok()?;
        let queues = &status["topics"][0]["queues"];
        let waiting =
            queues["inbound"]["pending"].as_u64()? + queues["outbox"]["pending"].as_u64()?;
        (waiting == 0).then_some(())
    };
    let is_over = poll(PATIENCE, is_done).is_some();
    let expected: BTreeMap<String, usize> = (0..TEXTS).map(|number| (phone(number), 1)).collect();
    let arrived = arrived(deployment);
    let wrong: Vec<_> = arrived.iter().filter(|(_, count)| **count != 1).collect();
    assert!(
        is_over && arrived == expected,
        "over: {is_over}, {} arrived, not once: {wrong:?}",
        arrived.len()
    );
}

/// Waits for a line of the log, which only the worker that has found a step writes.
fn wait_for_log(deployment: &Deployment, line: &str) {
    let told = || Some(deployment.logs().matches(line).count()).filter(|count| *count > 0);
    assert_eq!(poll(crate::support::PATIENCE, told), Some(1), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_is_doubled_with_a_store_an_hour_ahead() {
    let deployment = deployment(HOUR).await;
    deployment.twilio().inject(faults());
    say(&deployment, 0..TEXTS).await;
    assert_each_arrives_once(&deployment);
    let said = |command: &str| String::from_utf8(deployment.crosswire(&[command]).stdout).unwrap();
    // A process reports every few seconds.
    let shown = |command: &str| {
        let is_shown = || said(command).contains(" s ahead of this process").then_some(());
        poll(crate::support::PATIENCE, is_shown).unwrap_or_else(|| panic!("{}", said(command)));
    };
    shown("status");
    shown("doctor");
    let warnings = deployment.logs().matches("clock differs from that of this process").count();
    assert_eq!(warnings, 2, "one of each worker");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_is_doubled_with_a_store_an_hour_behind() {
    let deployment = deployment(-HOUR).await;
    deployment.twilio().inject(faults());
    say(&deployment, 0..TEXTS).await;
    assert_each_arrives_once(&deployment);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_stands_still_when_the_clock_of_the_store_is_stepped() {
    let deployment = deployment(0).await;
    deployment.twilio().inject(faults());
    say(&deployment, 0..TEXTS / 3).await;
    deployment.redis().set_ahead_by(HOUR);
    say(&deployment, TEXTS / 3..TEXTS * 2 / 3).await;
    wait_for_log(&deployment, "clock of the store was stepped forward");
    deployment.redis().set_ahead_by(0);
    say(&deployment, TEXTS * 2 / 3..TEXTS).await;
    assert_each_arrives_once(&deployment);
    wait_for_log(&deployment, "clock of the store was stepped back");
}
