//! The examples of docs/api.md, run in their order.

use std::process::Command;

use chrono::TimeDelta;
use crosswire::model::clock::{Clock, SystemClock};
use serde_json::Value;

use super::{CRON_TOKEN, start};
use crate::support::{Deployment, PATIENCE};

const PAGE: &str = include_str!("../../../docs/api.md");
const SOME_TIME: &str = "2026-12-24T17:00:00Z";

/// Runs an example against a deployment, and returns what it printed.
fn run(deployment: &Deployment, example: &str, id: &str) -> Value {
    let later = (SystemClock.now() + TimeDelta::days(1)).to_rfc3339();
    let url = deployment.url("");
    let example = example.replace("http://localhost:62023", &url).replace(SOME_TIME, &later);
    let mut shell = Command::new("/bin/sh");
    let shell = shell.args(["-c", &example]).env("CRON_TOKEN", CRON_TOKEN).env("ID", id);
    let output = shell.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{example}\nprinted {printed:?}"))
}

#[tokio::test]
async fn every_example_of_the_page_works() {
    let deployment = start().await;
    let blocks = PAGE.split("```sh\n").skip(1).filter_map(|block| block.split_once("```"));
    let examples: Vec<&str> =
        blocks.map(|(block, _)| block).filter(|block| block.starts_with("curl")).collect();
    assert_eq!(examples.len(), 7);
    let mut id = String::new();
    let mut answers = Vec::new();
    for example in examples {
        let answer = run(&deployment, example, &id);
        assert!(answer.get("type").is_none(), "{example}\n{answer}");
        id = answer["id"].as_str().unwrap().to_owned();
        answers.push(answer);
    }
    assert!(["queued", "scheduled"].contains(&answers[2]["status"].as_str().unwrap()));
    assert_eq!(answers[5]["total"], 2);
    assert_eq!(answers[6]["outcome"], "accepted");
    let mut texts: Vec<String> = deployment
        .twilio()
        .wait_for(4, PATIENCE)
        .await
        .into_iter()
        .map(|message| message.body)
        .collect();
    texts.sort();
    let expected =
        ["Dear Bob, we open at nine.", "We open at nine.", "Your table is ready.", "hello"];
    assert_eq!(texts, expected);
}
