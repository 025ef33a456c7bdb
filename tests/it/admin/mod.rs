//! The operator's API and commands, with the real processes.

mod access;
mod dead;
mod pauses;
mod people;

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{Deployment, PATIENCE, Setup};

const TOPICS: &str = "[topics.echo]\nhandler = \"echo\"\n";
const WRITE: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const READ: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
const ANNA: &str = "+14155550101";

fn setup() -> Setup {
    Setup::new(TOPICS).own_redis().env("ADMIN_TOKEN", WRITE).env("ADMIN_READ_TOKEN", READ)
}

/// Calls the API with a token, and returns status and answer.
async fn call(
    deployment: &Deployment,
    token: &str,
    (method, path): (&str, &str),
    body: Option<Value>,
) -> (u16, Value) {
    let call = deployment.call(method, &format!("/admin/api/{path}")).bearer_auth(token);
    let call = body.iter().fold(call, RequestBuilder::json);
    let response = call.send().await.unwrap();
    let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn get(deployment: &Deployment, path: &str) -> Value {
    let (status, answer) = call(deployment, READ, ("GET", path), None).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn post(deployment: &Deployment, path: &str, body: Value) -> Value {
    let (status, answer) = call(deployment, WRITE, ("POST", path), Some(body)).await;
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

/// Searches by an id or a number.
async fn trace(deployment: &Deployment, subject: &str) -> Value {
    post(deployment, "trace", json!({ "q": subject, "since": "1h" })).await
}

/// Reads a path until its answer is as wanted.
async fn until(deployment: &Deployment, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
    until_answer(deployment, async || get(deployment, path).await, is_wanted).await
}

/// Asks until the answer is as wanted.
async fn until_answer(
    deployment: &Deployment,
    ask: impl AsyncFn() -> Value,
    is_wanted: impl Fn(&Value) -> bool,
) -> Value {
    let mut last = Value::Null;
    let wanted = async {
        loop {
            last = ask().await;
            if is_wanted(&last) {
                return last.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, wanted).await;
    found.unwrap_or_else(|_| panic!("the answer does not come\n{}", deployment.logs()))
}

/// Runs a command of the operator, and returns what it printed.
fn printed(deployment: &Deployment, arguments: &[&str]) -> String {
    let output = deployment.crosswire(arguments);
    assert!(output.status.success(), "{arguments:?} {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
