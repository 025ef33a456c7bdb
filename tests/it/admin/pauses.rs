//! Pauses by operators, of a topic and of a line.

use serde_json::json;

use super::{ANNA, WRITE, call, get, post, printed, setup, until};
use crate::support::{Deployment, LINE, PATIENCE, poll};

/// Returns once the worker has followed an operator as often.
fn wait_for_worker(deployment: &Deployment, orders: usize) {
    let followed = || {
        let logs = deployment.logs();
        (logs.matches("an operator has paused or resumed").count() >= orders).then_some(())
    };
    assert!(poll(PATIENCE, followed).is_some(), "{}", deployment.logs());
}

#[tokio::test]
async fn paused_topic_takes_messages_in_and_handles_them_after_its_resumption() {
    let deployment = setup().start().await;
    let anna = deployment.phone(ANNA, "/queue/echo");
    anna.text("echo before").await;
    anna.wait_for(1).await;
    post(&deployment, "pauses", json!({ "topic": "echo", "reason": "a new number" })).await;
    wait_for_worker(&deployment, 1);
    anna.text("echo during").await;
    anna.text("echo still").await;
    let overview = get(&deployment, "overview").await;
    let topic = &overview["topics"][0];
    assert_eq!(topic["queues"]["inbound"]["pending"], 2, "{topic}");
    assert_eq!(topic["pauses"][0]["scope"], "*");
    assert_eq!(topic["pauses"][0]["by_operator"], true);
    assert_eq!(topic["pauses"][0]["reason"], "by an operator: a new number");
    assert_eq!(topic["pauses"][0]["remaining_seconds"], json!(null));
    let stuck = get(&deployment, "stuck?topic=echo").await;
    assert_eq!(stuck["messages"][0]["state"], "ready", "{stuck}");
    assert_eq!(stuck["messages"][0]["attempts"], 0, "{stuck}");
    assert_eq!(stuck["messages"][0]["behind"], 1, "{stuck}");
    assert_eq!(anna.inbox().len(), 1);
    let expected = "the whole topic is paused, messages are retained: by an operator\n";
    let told = deployment.wait_for_readiness(|answer| answer.body.contains(expected)).await;
    assert!(!told.body.contains("a new number"), "it is for operators: {}", told.body);
    post(&deployment, "pauses/resume", json!({ "topic": "echo", "scope": "*" })).await;
    assert_eq!(anna.wait_for(3).await.len(), 3);
    let overview = get(&deployment, "overview").await;
    assert_eq!(overview["topics"][0]["pauses"], json!([]));
}

#[tokio::test]
async fn line_that_a_command_pauses_sends_nothing_until_it_is_resumed() {
    let deployment = setup().start().await;
    let paused = printed(&deployment, &["pause", "echo", "--line", LINE, "--reason", "moved"]);
    let expected = "echo: sending by twilio from line ***06 is paused, messages are retained: \
                    by an operator: moved\n";
    assert_eq!(paused, expected);
    wait_for_worker(&deployment, 1);
    let anna = deployment.phone(ANNA, "/queue/echo");
    anna.text("echo hello").await;
    let waits =
        |overview: &serde_json::Value| overview["topics"][0]["queues"]["outbox"]["pending"] == 1;
    until(&deployment, "overview", waits).await;
    assert_eq!(deployment.twilio().attempts(), 0);
    let resumed = printed(&deployment, &["resume", "echo"]);
    assert_eq!(resumed, "echo: nothing is paused\n");
    anna.wait_for(1).await;
    assert_eq!(deployment.twilio().attempts(), 1);
    let again = deployment.crosswire(&["resume", "echo"]);
    assert!(!again.status.success(), "{again:?}");
    let wrong = deployment.crosswire(&["pause", "echo", "--transport", "pigeon"]);
    assert!(!wrong.status.success(), "{wrong:?}");
}

#[tokio::test]
async fn pause_is_of_what_the_topic_has_and_a_resumption_says_what_it_has_ended() {
    let deployment = setup().start().await;
    let unknown = deployment.crosswire(&["pause", "echo", "--line", "+15005550099"]);
    let error = String::from_utf8(unknown.stderr).unwrap();
    assert!(!unknown.status.success() && error.contains("has this line"), "{error}");
    for (path, scope) in [
        ("pauses", json!({ "transport": "twilio", "line": "+15005550099" })),
        ("pauses", json!({ "transport": "*", "line": LINE })),
        ("pauses/resume", json!({ "transport": "*", "line": LINE })),
        ("pauses/resume", json!({ "transport": "pigeon" })),
    ] {
        let body = json!({ "topic": "echo", "scope": scope.to_string() });
        let (status, answer) = call(&deployment, WRITE, ("POST", path), Some(body)).await;
        assert!((400..500).contains(&status), "{path} {scope}: {status} {answer}");
    }
    let spelled = LINE.replace("+1", "001-");
    let paused = printed(&deployment, &["pause", "echo", "--line", &spelled]);
    assert!(paused.contains("from line ***06 is paused"), "{paused}");
    let scope = json!({ "transport": "twilio", "line": LINE, "by_operator": true }).to_string();
    for ended in [1, 0] {
        let body = json!({ "topic": "echo", "scope": scope });
        assert_eq!(post(&deployment, "pauses/resume", body).await, json!({ "ended": ended }));
    }
    let none = deployment.crosswire(&["resume", "echo", "--line", LINE]);
    let error = String::from_utf8(none.stderr).unwrap();
    assert!(!none.status.success() && error.contains("nothing is paused there"), "{error}");
}
