//! `crosswire dev`: everything in one process, and nothing that only a deployment needs.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::support::{Deployment, Setup};

const TOPIC: &str = r#"
[topics.dev_echo]
handler = "echo"
paths = ["/dev-echo"]
"#;

/// Nothing is set but where Redis is.
fn bare() -> Setup {
    let unset = ["SECRET_KEY", "PUBLIC_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "RUST_LOG"];
    unset.into_iter().fold(Setup::dev(TOPIC), |setup, name| setup.env(name, ""))
}

#[tokio::test]
async fn whoever_starts_it_is_told_where_everything_is_and_what_is_missing() {
    let deployment = bare().start().await;
    let logs = deployment.logs();
    let origin = format!("http://localhost:{}", deployment.port());
    for expected in [
        format!("{origin}/tester"),
        format!("{origin}/queue/dev_echo  also /dev-echo"),
        "Not configured yet".to_owned(),
        "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN".to_owned(),
        "PUBLIC_URL".to_owned(),
    ] {
        assert!(logs.contains(&expected), "{expected} is not in\n{logs}");
    }
    assert!(!logs.contains('\u{1b}'), "a file is no terminal");
    assert!(deployment.stop_web(Duration::from_secs(10)), "{}", deployment.logs());
}

#[tokio::test]
async fn a_provider_that_is_not_configured_is_told_to_come_again_and_why() {
    let deployment = bare().start().await;
    let answer = deployment.webhook("/queue/dev_echo", ["+14155550101", "+1", "hi"]).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("set TWILIO_ACCOUNT_SID"), "{}", answer.body);
}

#[tokio::test]
async fn a_key_is_made_once_and_is_nobody_elses_to_read() {
    let deployment = bare().start().await;
    let file = deployment.dir().join("data/secret_key");
    let key = std::fs::read_to_string(&file).unwrap();
    assert_eq!(key.len(), 64);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    restart(&deployment).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
}

async fn restart(deployment: &Deployment) {
    deployment.kill_web();
    deployment.start_web();
    deployment.wait_ready().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_in_one_line() {
    let deployment = bare().start().await;
    let second = deployment.crosswire(&["dev"]);
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    let port = deployment.port();
    let line =
        format!("Error: port {port} is taken by another program; stop that one, or set PORT");
    assert_eq!(said.lines().filter(|said| said.starts_with(&line)).count(), 1, "{said}");
    assert!(!said.contains("backtrace"), "{said}");
}
