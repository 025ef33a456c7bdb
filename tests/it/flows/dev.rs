//! `crosswire dev`: everything in one process, and nothing that only a deployment needs.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::time::Duration;

use crate::support::{Deployment, Setup};

const TOPIC: &str = r#"
[topics.dev_echo]
handler = "echo"
paths = ["/dev-echo"]
"#;

/// Nothing is set, and there is no Redis.
pub(super) fn bare() -> Setup {
    let unset = ["SECRET_KEY", "PUBLIC_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "RUST_LOG"];
    unset.into_iter().fold(Setup::dev(TOPIC).embedded(), |setup, name| setup.env(name, ""))
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
        "PUBLIC_URL  set it to the address".to_owned(),
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

#[tokio::test]
async fn a_file_that_holds_no_key_is_not_taken_for_one() {
    let deployment = bare().start().await;
    let elsewhere = deployment.dir().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("secret_key"), "\n").unwrap();
    let said = refusal(deployment.crosswire_with(&[("DATA_DIR", "elsewhere")], &["dev"]));
    assert!(said.contains("elsewhere/secret_key") && said.contains("it holds no key"), "{said}");
}

async fn restart(deployment: &Deployment) {
    deployment.kill_web();
    deployment.start_web();
    deployment.wait_ready().await;
}

/// What a program that did not start has said: one line that begins with `Error: `, and how it goes
/// on; what it had logged before does not count.
pub(super) fn refusal(ended: Output) -> String {
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    let lines: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("Error: ")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(said.trim_end().ends_with(lines[0]), "nothing comes after it: {said}");
    lines[0].to_owned()
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_in_one_line() {
    let deployment = bare().start().await;
    let elsewhere = [("DATA_DIR", "elsewhere")];
    let said = refusal(deployment.crosswire_with(&elsewhere, &["dev"]));
    let port = deployment.port();
    let expected = format!(
        "port {port} is taken by another program; stop that one, or set PORT to a free port"
    );
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_store_that_another_process_has_is_named_in_one_line() {
    let deployment = bare().start().await;
    let said = refusal(deployment.crosswire_with(&[("PORT", "0")], &["dev"]));
    assert_eq!(
        said,
        "the store refuses us: data/crosswire.db is in use by another process; stop it, or set \
         DATA_DIR to another directory"
    );
}

#[tokio::test]
async fn what_is_on_record_can_be_looked_at_beside_the_process_that_writes_it() {
    let deployment = bare().start().await;
    let listed = deployment.crosswire(&["events"]);
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), "nothing is recorded\n");
    let checked = deployment.crosswire_with(&[("ENV", "dev")], &["check"]);
    let checked = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.contains("REDIS_URL is not set: `dev` and `standalone` start"), "{checked}");
    assert!(checked.ends_with("the store is reachable\n"), "{checked}");
}

#[tokio::test]
async fn who_only_looks_leaves_nothing_behind() {
    let deployment = bare().start().await;
    let elsewhere = deployment.dir().join("elsewhere");
    for redis in ["", "redis://127.0.0.1:1"] {
        let environment = [("DATA_DIR", "elsewhere"), ("REDIS_URL", redis)];
        let said = refusal(deployment.crosswire_with(&environment, &["events"]));
        assert!(said.contains("the store is unavailable"), "{said}");
        assert!(!elsewhere.exists(), "with Redis at {redis:?}");
    }
}

#[tokio::test]
async fn a_check_of_what_would_not_start_fails() {
    let deployment = bare().start().await;
    let check = |directory: &str, variable: &str| {
        let environment = [("ENV", "dev"), ("DATA_DIR", directory), (variable, "x")];
        deployment.crosswire_with(&environment, &["check"])
    };
    assert!(check("elsewhere", "X").status.success(), "it is made at the first start");
    for directory in ["elsewhere", "data"] {
        let said = refusal(check(directory, "DYNO"));
        assert!(said.contains("the store may lose messages"), "{said}");
    }
    std::fs::create_dir(deployment.dir().join("foreign")).unwrap();
    std::fs::write(deployment.dir().join("foreign/crosswire.db"), "something else").unwrap();
    assert!(refusal(check("foreign", "X")).contains("is not a database"));
}

#[tokio::test]
async fn a_disk_that_is_thrown_away_is_refused_unless_it_is_asked_for() {
    let deployment = bare().start().await;
    for (variable, fix) in [("DYNO", "set REDIS_URL"), ("FLY_APP_NAME", "mount a volume")] {
        let environment = [("DATA_DIR", "elsewhere"), (variable, "x")];
        let said = refusal(deployment.crosswire_with(&environment, &["dev"]));
        assert!(said.contains("is emptied at its next restart"), "{said}");
        assert!(said.contains(fix) && said.contains("--allow-volatile"), "{said}");
        // With the flag it gets as far as the port, which is taken.
        let said = refusal(deployment.crosswire_with(&environment, &["dev", "--allow-volatile"]));
        assert!(said.contains("is taken by another program"), "{said}");
    }
}

#[tokio::test]
async fn processes_that_cannot_share_a_file_ask_for_redis() {
    let deployment = bare().start().await;
    for process in ["web", "worker"] {
        let said = String::from_utf8(deployment.crosswire(&[process]).stderr).unwrap();
        assert!(said.contains("environment: REDIS_URL: is not set"), "{said}");
        assert!(said.contains("crosswire standalone"), "{said}");
    }
}
