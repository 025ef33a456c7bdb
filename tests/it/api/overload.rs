//! The API while more comes than can be borne.

use std::time::Duration;

use serde_json::json;

use super::{ALICE, CRON_TOKEN, post, problem};
use crate::support::{PATIENCE, Setup};

const TOPICS: &str = r#"
    [topics.news]
    handler = "echo"
    accept_response = ""
    max_backlog_age = "10s"

    [api.tokens.cron]
    token_env = "CRON_TOKEN"
    scopes = ["send", "inbound"]
"#;

/// Time between two messages.
const BETWEEN: Duration = Duration::from_millis(250);
/// Messages that a mailbox takes, and some less.
const MAX_ACCEPTED: usize = 180;
const METRICS_TOKEN: &str = "metrics-4be1d06a9c7f4e5bb1c2";

#[tokio::test]
async fn program_is_told_to_come_back_while_messages_wait_too_long() {
    let setup = Setup::new(TOPICS).env("CRON_TOKEN", CRON_TOKEN);
    let setup = setup.env("METRICS_TOKEN", METRICS_TOKEN);
    let deployment = setup.start().await.with_bearer(CRON_TOKEN);
    deployment.keep_secret(ALICE);
    assert!(deployment.stop_worker(0, PATIENCE));
    let message = json!({"topic": "news", "to": ALICE, "text": "hello"});
    let mut accepted = 0;
    while post(&deployment, "/api/messages", &message).await.status == 202 {
        accepted += 1;
        assert!(accepted < MAX_ACCEPTED, "nothing is refused");
        tokio::time::sleep(BETWEEN).await;
    }
    let batch = json!({"topic": "news", "text": "hello", "messages": [{"to": ALICE}]});
    let written = json!({"from": ALICE, "text": "hello"});
    for (path, body) in [
        ("/api/messages", &message),
        ("/api/batches", &batch),
        ("/api/topics/news/inbound", &written),
    ] {
        let answer = post(&deployment, path, body).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (503, "unavailable"), "{path}");
        assert_eq!(answer.headers["retry-after"], "5", "{path}");
    }
    let metrics = reqwest::Client::new().get(deployment.url("/metrics")).bearer_auth(METRICS_TOKEN);
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    let counted =
        metrics.lines().find(|line| line.starts_with("crosswire_overload_refusals_total{"));
    let counted = counted.unwrap_or_else(|| panic!("{metrics}"));
    assert!(counted.contains("limit=\"age\"") && counted.ends_with(" 4"), "{counted}");
    let lines = deployment.logs();
    let refusals = lines.matches("refused: the oldest message waits longer").count();
    assert!((1..4).contains(&refusals), "four refusals are {refusals} lines");
    deployment.start_worker(0);
    deployment.twilio().wait_for(accepted, PATIENCE).await;
}
