//! The control API of `crosswire fake-twilio`, as people and other programs use it.

use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::process::Process;

const SID: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "12345678901234567890123456789012";

/// `crosswire fake-twilio` in a process of its own.
struct Running {
    url: String,
    client: reqwest::Client,
    _process: Process,
    /// Open for as long as the process may print to it.
    _output: BufReader<ChildStdout>,
    _directory: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosswire"));
        command.env_clear().current_dir(directory.path()).stdout(Stdio::piped());
        command.args(["fake-twilio", "--port", "0"]);
        let (process, output) = Process::piped(&mut command, directory.path());
        let (mut output, mut line) = (BufReader::new(output), String::new());
        output.read_line(&mut line).unwrap();
        let url = line.split_whitespace().last().unwrap().to_owned();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, client, _process: process, _output: output, _directory: directory }
    }

    async fn send(&self, to: &str, body: &str) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}/2010-04-01/Accounts/{SID}/Messages.json", self.url);
        let form = [("To", to), ("From", "+15005550006"), ("Body", body)];
        self.client.post(url).basic_auth(SID, Some(TOKEN)).form(&form).send().await
    }

    async fn post(&self, path: &str, json: &Value) -> reqwest::Response {
        self.client.post(format!("{}{path}", self.url)).json(json).send().await.unwrap()
    }

    async fn seen(&self) -> Value {
        let call = self.client.get(format!("{}/fake/seen", self.url));
        call.send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn faults_are_set_and_the_server_shows_what_it_saw() {
    let fake = Running::start();
    let faults = json!({ "script": [{ "throttle": { "retry_after": 7 } }, "accept_then_drop"] });
    assert_eq!(fake.post("/fake/faults", &faults).await.status(), 204);
    let throttled = fake.send("+14155550101", "first").await.unwrap();
    assert_eq!(
        (throttled.status().as_u16(), &throttled.headers()["Retry-After"]),
        (429, &"7".parse().unwrap())
    );
    assert!(fake.send("+14155550101", "second").await.is_err());
    let seen = fake.seen().await;
    assert_eq!(seen["attempts"], 2);
    assert_eq!(seen["messages"].as_array().unwrap().len(), 1);
    assert_eq!(seen["messages"][0]["body"], "second");
    let page = fake.client.get(&fake.url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<td>second"), "{page}");
    assert_eq!(fake.post("/fake/reset", &Value::Null).await.status(), 204);
    assert_eq!(fake.seen().await["attempts"], 0);
}

#[tokio::test]
async fn unknown_setting_is_refused_and_changes_nothing() {
    let fake = Running::start();
    let refused = fake.post("/fake/faults", &json!({ "scirpt": ["drop"] })).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("unknown field"));
    assert_eq!(fake.post("/fake/callbacks", &json!({ "delivery": "lost" })).await.status(), 400);
    assert_eq!(fake.send("+14155550101", "hi").await.unwrap().status(), 201);
}

#[tokio::test]
async fn text_without_a_webhook_stands_in_the_list_alone() {
    let fake = Running::start();
    let text = json!({ "from": "+14155550101", "body": "hello" });
    let outcome: Value = fake.post("/fake/inbound", &text).await.json().await.unwrap();
    assert_eq!(outcome["statuses"], json!([]));
    let message = &fake.seen().await["messages"][0];
    assert_eq!(
        (&message["direction"], &message["status"]),
        (&json!("inbound"), &json!("received"))
    );
    assert_eq!(message["to"], "+15005550006");
}
