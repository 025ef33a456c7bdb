//! Many texts through a provider that hangs, drops, fails and throttles, and whose reports come early,
//! twice and in the wrong order: each text arrives once, and ends in a final state.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use crate::support::twilio::{Behaviour, Callbacks, Delivery, Faults, InboundText};
use crate::support::{Deployment, Setup};

const TOPICS: &str = r#"
    [topics.echo]
    handler = "echo"
    accept_response = ""
    concurrency = 16
    sender_rate = 0
    max_depth = 100000
    max_records = 1000000
    [topics.echo.sending]
    concurrency = 64
    connect_timeout = "500ms"
    timeout = "1s"
    lease = "6s"
    settle = "300ms"
    max_attempts = 100
"#;

const PHONES: usize = 50;

/// A fifth of the requests fail: a twentieth each hang, are dropped after they were accepted, fail with
/// a status, and are throttled. Of those that hang or fail, half were accepted.
fn faults() -> Faults {
    let hang = Duration::from_secs(5);
    Faults::mix(
        10,
        [
            (25, Behaviour::Hang(hang)),
            (25, Behaviour::AcceptThenHang(hang)),
            (50, Behaviour::AcceptThenDrop),
            (25, Behaviour::Fail { status: 500, code: None }),
            (25, Behaviour::AcceptThenFail(500)),
            (50, Behaviour::Throttle { retry_after: None }),
        ],
    )
}

async fn soak(texts: usize, patience: Duration) {
    let deployment = Setup::new(TOPICS).own_redis().workers(2).start().await;
    let twilio = deployment.twilio();
    twilio.set_webhook(&deployment.url("/queue/echo#rc=5&rp=all"));
    twilio.inject(faults());
    let callbacks =
        Callbacks { early: 300, doubled: 1000, swapped: 300, ..Delivery::Delivered.into() };
    twilio.report(callbacks);
    join_all((0..PHONES).map(|phone| say(&deployment, phone, texts / PHONES))).await;
    let journal = twilio.journal();
    let all_reported =
        journal.wait_until(patience, |it| it.report_answers().len() >= 4 * texts).await;
    assert!(all_reported, "sent {} of {texts}", twilio.count());
    assert!(journal.report_answers().iter().all(|answer| *answer == 204));
    assert_each_arrived_once(&deployment, texts);
    assert_eq!(delivered(&deployment), texts);
}

/// Sends the texts of one phone, each when the last one was acknowledged.
async fn say(deployment: &Deployment, phone: usize, texts: usize) {
    for number in 0..texts {
        let text = InboundText::new(&address(phone), &format!("echo text {number}"));
        let outcome = deployment.twilio().receive(text).await;
        assert_eq!(outcome.error, None, "{:?}", outcome.statuses);
    }
}

fn address(phone: usize) -> String {
    format!("+1415555{phone:04}")
}

/// Compares the fake's own count with the texts that were owed.
fn assert_each_arrived_once(deployment: &Deployment, texts: usize) {
    let mut arrived: BTreeMap<(String, String), usize> = BTreeMap::new();
    for message in deployment.twilio().messages() {
        *arrived.entry((message.to, message.body)).or_default() += 1;
    }
    for phone in 0..PHONES {
        for number in 0..texts / PHONES {
            let count = arrived.remove(&(address(phone), format!("text {number}")));
            assert_eq!(count, Some(1), "text {number} of phone {phone}");
        }
    }
    assert_eq!(arrived, BTreeMap::new(), "texts that nobody owed");
}

/// Number of replies that are recorded as delivered.
fn delivered(deployment: &Deployment) -> usize {
    let events = deployment.crosswire(&["events"]);
    let events = String::from_utf8(events.stdout).unwrap();
    events.lines().filter(|line| line.split_whitespace().nth(2) == Some("delivered")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn thousand_texts_arrive_once_through_a_failing_provider() {
    soak(1_000, Duration::from_mins(3)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; run it before a release"]
async fn twenty_thousand_texts_arrive_once_through_a_failing_provider() {
    soak(20_000, Duration::from_mins(30)).await;
}
