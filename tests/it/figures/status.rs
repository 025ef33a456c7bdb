//! The command `status`, beside running processes.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Deployment, PATIENCE, Setup};

const TOPICS: &str = "
    [topics.echo]
    handler = \"echo\"
    accept_response = \"\"
    sending.daily_segments = 1000
";

/// Runs `status` until what it prints is as wanted.
async fn until(deployment: &Deployment, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = async {
        loop {
            let output = deployment.crosswire(&["status", "--json"]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{said}");
            let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
            if wanted(&printed) {
                return printed;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("the status is as wanted in time")
}

/// Shows one message on its way, in both forms.
async fn shows_a_message(deployment: Deployment, roles: &[&str]) {
    let phone = deployment.phone("+14155550101", "/queue/echo");
    phone.text("echo hello").await;
    phone.wait_for(1).await;
    // Every process reports its own figures, each at its own moment.
    let counted = |it: &Value| {
        ["received", "handled", "sent"].iter().all(|name| it["topics"][0]["totals"][name] == 1)
    };
    let reported = |it: &Value| {
        it["processes"].as_array().is_some_and(|processes| processes.len() == roles.len())
    };
    let printed = until(&deployment, |it| counted(it) && reported(it)).await;
    let topic = &printed["topics"][0];
    assert_eq!(topic["latency"]["end_to_end"]["count"], 1, "{topic}");
    assert_eq!(topic["queues"]["inbound"]["pending"], 0, "{topic}");
    let processes = printed["processes"].as_array().unwrap();
    let mut seen: Vec<&str> = processes.iter().map(|it| it["role"].as_str().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, roles);
    assert!(processes.iter().all(|it| it["state"] == "running"), "{processes:?}");
    let output = deployment.crosswire(&["status"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    for part in ["store: ready", "echo", "inbound", "outbox", "1 received", "budget: 1 of 1000"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains("4155550101"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[tokio::test]
async fn status_shows_web_and_worker_on_redis() {
    shows_a_message(Setup::new(TOPICS).own_redis().start().await, &["web", "worker"]).await;
}

#[tokio::test]
async fn status_reads_the_embedded_store_beside_its_process() {
    shows_a_message(Setup::dev(TOPICS).embedded().start().await, &["dev"]).await;
}

#[tokio::test]
async fn status_fails_when_the_store_is_away() {
    let deployment = Setup::new(TOPICS).own_redis().start().await;
    let nowhere = [("REDIS_URL", "redis://127.0.0.1:1")];
    for arguments in [["status"].as_slice(), &["status", "--json"]] {
        let output = deployment.crosswire_with(&nowhere, arguments);
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.is_empty(), "it says why");
    }
}
