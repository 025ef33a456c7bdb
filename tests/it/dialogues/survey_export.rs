//! The command `survey export`, beside the processes that take the answers.

use crate::support::{Deployment, Setup};

const TOPICS: &str = r#"
[topics.visits]
handler = "router"
paths = ["/visits"]
accept_response = ""
partitions = 2

[topics.visits.properties]
apps = ["visit", "echo"]

[topics.visits.properties.visit]
handler = "survey"
questions = [
    { name = "stars", text = "Stars?", kind = "number" },
    { name = "again", text = "Again?", kind = "yes_no" },
    { name = "why", text = "Why?" },
]

[topics.other]
handler = "survey"
paths = ["/other"]
accept_response = ""
properties.questions = [{ name = "q", text = "How are you?" }]
"#;

/// Takes part in the survey, with these answers.
async fn answer(deployment: &Deployment, number: &str, answers: [&str; 3]) {
    let phone = deployment.phone(number, "/visits");
    for (sent, text) in ["survey"].into_iter().chain(answers).enumerate() {
        phone.text(text).await;
        phone.wait_for(sent + 1).await;
    }
}

fn export(deployment: &Deployment, arguments: &[&str]) -> Result<String, String> {
    let output = deployment.crosswire(&[&["survey", "export"], arguments].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Exports what several people have answered, on one of the stores.
async fn every_answer_is_exported(setup: Setup) {
    let deployment = setup.start().await;
    let empty = export(&deployment, &["--topic", "visits"]).unwrap();
    assert_eq!(empty, "person,started,finished,stars,again,why\n");
    for (number, why) in [
        ("+14155550101", "It was fun, and cheap."),
        ("+14155550102", "=1+1"),
        ("+14155550103", "Überraschung! 🎉"),
        ("+14155550104", "-"),
    ] {
        answer(&deployment, number, ["5", "no", why]).await;
    }
    let csv = export(&deployment, &["--topic", "visits", "--survey", "visit"]).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5, "{csv}");
    for (line, why) in
        lines[1..].iter().zip(["\"It was fun, and cheap.\"", "'=1+1", "Überraschung! 🎉", "'-"])
    {
        assert!(line.ends_with(&format!("Z,5,no,{why}")), "{csv}");
    }
    assert!(!csv.contains("4155550101"), "{csv}");
    let json = export(&deployment, &["--topic", "visits", "--format", "json"]).unwrap();
    let records: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(records[3]["why"], "-");
    assert_eq!(records[3]["again"], false);
    let several = export(&deployment, &[]).unwrap_err();
    let expected = "choose one of: --topic visits --survey visit; --topic other";
    assert!(several.contains(expected), "{several}");
    let unknown = export(&deployment, &["--survey", "other"]).unwrap_err();
    assert!(unknown.contains("there is no such survey"), "{unknown}");
}

#[tokio::test]
async fn every_answer_is_exported_from_redis() {
    every_answer_is_exported(Setup::new(TOPICS).own_redis()).await;
}

#[tokio::test]
async fn every_answer_is_exported_from_the_embedded_store() {
    every_answer_is_exported(Setup::dev(TOPICS).embedded()).await;
}
