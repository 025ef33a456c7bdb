//! The example apps in Python and JavaScript, played through the real processes.

use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use crosswire::http_client::SigningKey;
use crosswire::model::clock::{Clock as _, SystemClock};
use rstest::rstest;
use secrecy::SecretString;

use crate::support::process::Process;
use crate::support::{Deployment, PATIENCE, Setup, free_port, poll};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOPICS: &str = include_str!("../../../examples/webhook/topics.toml");

/// Conversation with an example, as its page in the docs shows it.
const SCRIPT: &str = "\
    > hello\n\
    < That was message 1.\n\
    > in 1s: tea\n\
    < I remind you in 1s.\n\
    < Remember: tea\n\
    > Grüße 👋\n\
    < That was message 2.";

/// Starts an example, and waits until it listens.
fn start(program: &str, file: &str, port: u16) -> (Process, tempfile::TempDir) {
    let litter = tempfile::tempdir().unwrap();
    let path = format!("{}/examples/webhook/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(program);
    command.args([&path, &port.to_string()]).env("WEBHOOK_SECRET", SECRET);
    command.stderr(std::process::Stdio::null());
    let process = Process::spawn(&mut command, litter.path());
    let listens = poll(PATIENCE, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
    assert!(listens.is_some(), "{file} does not listen");
    (process, litter)
}

async fn deploy(port: u16) -> Deployment {
    let topics = TOPICS.replace(":8000/", &format!(":{port}/"));
    let deployment = Setup::new(&topics).own_redis().env("WEBHOOK_SECRET", SECRET).start().await;
    deployment.keep_secret(SECRET);
    deployment
}

#[rstest]
#[case("python3", "app.py")]
#[case("node", "app.mjs")]
#[tokio::test]
async fn example_holds_its_conversation(#[case] program: &str, #[case] file: &str) {
    let port = free_port();
    let _app = start(program, file, port);
    let deployment = deploy(port).await;
    let phone = deployment.phone("+14155550101", "/queue/reminders");
    let mut received = 0;
    for line in SCRIPT.lines() {
        match line.split_at(2) {
            ("> ", text) => assert_eq!(phone.text(text).await.status, 200),
            (_, text) => {
                received += 1;
                assert_eq!(phone.wait_for(received).await.last().unwrap(), text);
            }
        }
    }
}

/// Posts a message to an example, signed for another id, at another time, or with another secret.
async fn status(port: u16, secret: &str, id: &str, age: i64) -> u16 {
    let key = SigningKey::parse(&SecretString::from(secret)).unwrap();
    let body = br#"{"type": "undeliverable", "code": 1, "state": null}"#;
    let at = SystemClock.now().timestamp() - age;
    let request = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/"))
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", at)
        .header("webhook-signature", key.sign(id, at, body));
    request.body(body.to_vec()).send().await.unwrap().status().as_u16()
}

#[rstest]
#[case("python3", "app.py")]
#[case("node", "app.mjs")]
#[tokio::test]
async fn example_refuses_what_is_not_signed_for_it(#[case] program: &str, #[case] file: &str) {
    let port = free_port();
    let _app = start(program, file, port);
    let _ = rustls::crypto::ring::default_provider().install_default();
    assert_eq!(status(port, SECRET, "msg_1", 0).await, 200);
    assert_eq!(status(port, SECRET, "msg_2", 0).await, 401);
    assert_eq!(status(port, SECRET, "msg_1", 600).await, 401);
    let other = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";
    assert_eq!(status(port, other, "msg_1", 0).await, 401);
}
