//! Log lines of real processes.

use std::fs;

use serde_json::Value;

use super::ROULETTE;
use super::texts::{CONNECTED, NO_CALL, WAIT};
use crate::support::twilio::{Behaviour, Delivery, Faults};
use crate::support::{Deployment, PATIENCE, Setup, poll};

/// Returns the fields of a process' JSON lines.
fn lines(deployment: &Deployment, process: &str) -> Vec<Value> {
    let log = fs::read_to_string(deployment.dir().join(format!("{process}.log"))).unwrap();
    let line = |line: &str| serde_json::from_str::<Value>(line).ok();
    log.lines().filter_map(line).map(|line| line["fields"].clone()).collect()
}

/// Waits until a process has written this line, and returns the fields of each one.
fn said(deployment: &Deployment, process: &str, message: &str) -> Vec<Value> {
    let found = || {
        let lines = lines(deployment, process).into_iter().filter(|it| it["message"] == message);
        Some(lines.collect::<Vec<_>>()).filter(|lines| !lines.is_empty())
    };
    poll(PATIENCE, found).unwrap_or_else(|| panic!("no {message:?}\n{}", deployment.logs()))
}

#[tokio::test]
async fn message_has_one_line_of_each_stage_under_one_id() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    deployment.twilio().report(Delivery::Delivered);
    let phone = deployment.phone("+14155550101", "/sms");
    phone.text("call").await;
    assert_eq!(phone.wait_for(1).await, [NO_CALL]);
    let taken = said(&deployment, "web", "message taken in");
    let handled = said(&deployment, "worker-0", "message handled");
    let sent = said(&deployment, "worker-0", "message sent");
    let reported = said(&deployment, "web", "delivery reported");
    assert_eq!([taken.len(), handled.len(), sent.len()], [1, 1, 1], "{}", deployment.logs());
    let id = taken[0]["message.id"].as_str().unwrap();
    assert!(id.starts_with("twilio:"), "{id}");
    for line in taken.iter().chain(&handled).chain(&sent).chain(&reported) {
        assert_eq!(line["message.id"], id, "{line}");
        assert_eq!(line["topic.name"], "roulette", "{line}");
        assert!(line["duration_ms"].as_f64().is_some_and(|took| took > 0.0), "{line}");
    }
    assert_eq!([&handled[0]["attempt"], &handled[0]["of"], &handled[0]["replies"]], [1, 5, 1]);
    for line in &reported {
        assert_eq!(line["outbound.id"], sent[0]["outbound.id"], "{line}");
        assert_eq!(line["provider.id"], sent[0]["provider.id"], "{line}");
    }
}

#[tokio::test]
async fn failed_send_says_which_attempt_it_was_and_when_the_next_one_is() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    deployment.twilio().inject(Faults::script([Behaviour::Throttle { retry_after: Some(1) }]));
    let phone = deployment.phone("+14155550101", "/sms");
    phone.text("call").await;
    assert_eq!(phone.wait_for(1).await, [NO_CALL]);
    let failed = said(&deployment, "worker-0", "message not sent");
    assert!(failed[0]["next_try_ms"].as_u64().is_some_and(|wait| wait > 0), "{failed:?}");
    assert_eq!(failed[0]["attempt"], 1);
    let sent = said(&deployment, "worker-0", "message sent");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["outbound.id"], failed[0]["outbound.id"]);
}

#[tokio::test]
async fn outage_of_the_store_is_one_line_at_its_beginning_and_one_at_its_end() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) =
        (deployment.phone("+14155550101", "/sms"), deployment.phone("+14155550102", "/sms"));
    anna.text("connect").await;
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    deployment.redis().kill9();
    said(&deployment, "worker-0", "waiting for the store");
    deployment.redis().restart();
    deployment.wait_ready().await;
    ben.text("connect").await;
    assert_eq!(ben.wait_for(1).await, [CONNECTED]);
    let back = said(&deployment, "worker-0", "the store is back");
    let warned = deployment.logs();
    let is_begin =
        |line: &&str| line.contains("\"WARN\"") && line.contains("waiting for the store");
    assert_eq!(warned.lines().filter(is_begin).count(), 1, "{warned}");
    assert_eq!(back.len(), 1, "{warned}");
    assert!(back[0]["away_ms"].as_u64().is_some(), "{warned}");
}

#[tokio::test]
async fn log_format_is_text_on_request() {
    let deployment = Setup::new(ROULETTE).own_redis().env("LOG_FORMAT", "text").start().await;
    let phone = deployment.phone("+14155550101", "/sms");
    phone.text("call").await;
    assert_eq!(phone.wait_for(1).await, [NO_CALL]);
    let line = || {
        let log = fs::read_to_string(deployment.dir().join("worker-0.log")).unwrap();
        log.lines().find(|line| line.contains("message sent")).map(str::to_owned)
    };
    let line = poll(PATIENCE, line).expect("the send is logged");
    assert!(line.contains("attempt=1") && line.contains("message.id=twilio:"), "{line}");
    assert!(!line.starts_with('{') && !line.contains('\u{1b}'), "{line}");
}
