//! `crosswire dev`: one process without the settings that only a deployment needs.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::time::Duration;

use crate::support::{Deployment, Setup};

const TOPIC: &str = r#"
[topics.dev_echo]
handler = "echo"
paths = ["/dev-echo"]
"#;

/// A setup without any variable, and without Redis.
pub(super) fn bare() -> Setup {
    let unset = ["SECRET_KEY", "PUBLIC_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "RUST_LOG"];
    unset.into_iter().fold(Setup::dev(TOPIC).embedded(), |setup, name| setup.env(name, ""))
}

#[tokio::test]
async fn banner_shows_addresses_and_missing_settings() {
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
async fn webhook_without_provider_settings_is_answered_with_503_and_the_fix() {
    let deployment = bare().start().await;
    let answer = deployment.webhook("/queue/dev_echo", ["+14155550101", "+1", "hi"]).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("set TWILIO_ACCOUNT_SID"), "{}", answer.body);
}

#[tokio::test]
async fn generated_key_is_kept_and_readable_by_its_owner_only() {
    let deployment = bare().start().await;
    let file = deployment.dir().join("data/secret_key");
    let key = std::fs::read_to_string(&file).unwrap();
    assert_eq!(key.len(), 64);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    restart(&deployment).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
}

#[tokio::test]
async fn empty_key_file_is_refused() {
    let deployment = bare().start().await;
    let elsewhere = deployment.dir().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("secret_key"), "\n").unwrap();
    let error = refusal(deployment.crosswire_with(&[("DATA_DIR", "elsewhere")], &["dev"]));
    assert!(error.contains("elsewhere/secret_key") && error.contains("it holds no key"), "{error}");
}

async fn restart(deployment: &Deployment) {
    deployment.kill_web();
    deployment.start_web();
    deployment.wait_ready().await;
}

/// Returns the error of a program that did not start: the rest of the one line that begins with
/// `Error: `, and is the last.
pub(super) fn refusal(ended: Output) -> String {
    assert_eq!(ended.status.code(), Some(1));
    let error = String::from_utf8(ended.stderr).unwrap();
    let lines: Vec<&str> = error.lines().filter_map(|line| line.strip_prefix("Error: ")).collect();
    assert_eq!(lines.len(), 1, "{error}");
    assert!(error.trim_end().ends_with(lines[0]), "nothing comes after it: {error}");
    lines[0].to_owned()
}

#[tokio::test]
async fn occupied_port_is_reported_in_one_line() {
    let deployment = bare().start().await;
    let elsewhere = [("DATA_DIR", "elsewhere")];
    let error = refusal(deployment.crosswire_with(&elsewhere, &["dev"]));
    let port = deployment.port();
    let expected = format!(
        "port {port} is taken by another program; stop that one, or set PORT to a free port"
    );
    assert_eq!(error, expected);
}

#[tokio::test]
async fn locked_store_is_reported_in_one_line() {
    let deployment = bare().start().await;
    let error = refusal(deployment.crosswire_with(&[("PORT", "0")], &["dev"]));
    assert_eq!(
        error,
        "the store refuses us: data/crosswire.db is in use by another process; stop it, or set \
         DATA_DIR to another directory"
    );
}

#[tokio::test]
async fn events_and_check_run_beside_the_process_that_writes() {
    let deployment = bare().start().await;
    let listed = deployment.crosswire(&["events"]);
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), "no events are recorded\n");
    let checked = deployment.crosswire_with(&[("ENV", "dev")], &["check"]);
    let checked = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.contains("REDIS_URL is not set: `dev` and `standalone` start"), "{checked}");
    assert!(checked.ends_with("the store is reachable\n"), "{checked}");
}

#[tokio::test]
async fn events_command_creates_no_files() {
    let deployment = bare().start().await;
    let elsewhere = deployment.dir().join("elsewhere");
    for redis in ["", "redis://127.0.0.1:1"] {
        let environment = [("DATA_DIR", "elsewhere"), ("REDIS_URL", redis)];
        let error = refusal(deployment.crosswire_with(&environment, &["events"]));
        assert!(error.contains("the store is unavailable"), "{error}");
        assert!(!elsewhere.exists(), "with Redis at {redis:?}");
    }
}

#[tokio::test]
async fn check_fails_when_the_start_would() {
    let deployment = bare().start().await;
    let check = |directory: &str, variable: &str| {
        let environment = [("ENV", "dev"), ("DATA_DIR", directory), (variable, "x")];
        deployment.crosswire_with(&environment, &["check"])
    };
    assert!(check("elsewhere", "X").status.success(), "the first start creates it");
    for directory in ["elsewhere", "data"] {
        let error = refusal(check(directory, "DYNO"));
        assert!(error.contains("the store may lose messages"), "{error}");
    }
    std::fs::create_dir(deployment.dir().join("foreign")).unwrap();
    std::fs::write(deployment.dir().join("foreign/crosswire.db"), "something else").unwrap();
    assert!(refusal(check("foreign", "X")).contains("is not a database"));
}

#[tokio::test]
async fn ephemeral_disk_is_refused_unless_waived() {
    let deployment = bare().start().await;
    for (variable, fix) in [("DYNO", "set REDIS_URL"), ("FLY_APP_NAME", "mount a volume")] {
        let environment = [("DATA_DIR", "elsewhere"), (variable, "x")];
        let error = refusal(deployment.crosswire_with(&environment, &["dev"]));
        assert!(error.contains("is emptied at its next restart"), "{error}");
        assert!(error.contains(fix) && error.contains("`--allow ephemeral-disk`"), "{error}");
        let start =
            |check| refusal(deployment.crosswire_with(&environment, &["dev", "--allow", check]));
        assert!(start("eviction,old-redis").contains("is emptied at its next restart"));
        // With the waiver it gets as far as the port, which is taken.
        assert!(start("ephemeral-disk").contains("is taken by another program"));
    }
}

#[tokio::test]
async fn web_and_worker_require_redis() {
    let deployment = bare().start().await;
    for process in ["web", "worker"] {
        let error = String::from_utf8(deployment.crosswire(&[process]).stderr).unwrap();
        assert!(error.contains("environment: REDIS_URL: is not set"), "{error}");
        assert!(error.contains("crosswire standalone"), "{error}");
    }
}

#[tokio::test]
async fn check_fails_when_the_store_is_unreachable() {
    let deployment = bare().start().await;
    let unreachable = [("ENV", "dev"), ("REDIS_URL", "redis://127.0.0.1:1")];
    let checked = deployment.crosswire_with(&unreachable, &["check"]);
    assert!(refusal(checked).contains("the store is unavailable"));
}

#[tokio::test]
async fn check_reports_errors_of_file_environment_and_parts_together() {
    let deployment = bare().start().await;
    let topics = "[topics.t]\nhandler = \"ehco\"\nlease = 5\nvalidators.lenght = {}\n[topics.u]\n";
    std::fs::write(deployment.dir().join("broken.toml"), topics).unwrap();
    let environment = [("ENV", "dev"), ("TOPICS_FILE", "broken.toml"), ("ADMIN_TOKEN", "short")];
    let checked = deployment.crosswire_with(&environment, &["check"]);
    let listed = String::from_utf8(checked.stdout.clone()).unwrap();
    for expected in [
        "broken.toml: topics.t.lease: is of the wrong kind; write a time",
        "broken.toml: topics.t.handler: nothing is called \"ehco\"; did you mean echo?",
        "broken.toml: topics.t.validators.lenght: nothing is called \"lenght\"",
        "broken.toml: topics.u.handler: is missing; name the handler",
        "environment: ADMIN_TOKEN: is shorter than 16 bytes; set it",
    ] {
        assert!(listed.contains(expected), "{expected} is not in\n{listed}");
    }
    assert!(refusal(checked).contains("errors in the configuration: 5"));
}

#[tokio::test]
async fn unknown_topic_is_reported_where_it_was_given() {
    let deployment = bare().start().await;
    let redis = ("REDIS_URL", "redis://127.0.0.1:1");
    let deployed = [redis, ("SECRET_KEY", "5f0c1e9a7b3d2846"), ("TOPIC", "wrong")];
    let run = |environment: &[(&str, &str)], arguments: &[&str]| {
        let output = deployment.crosswire_with(environment, arguments);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let flag = "command line: --topic: there is no topic \"wrong\"; known: dev_echo";
    let error = run(&[], &["events", "--topic", "wrong"]);
    assert!(error.contains(flag) && !error.contains("TOPIC="), "{error}");
    let error = run(&deployed[..2], &["worker", "--topic", "wrong"]);
    assert!(error.contains(flag) && !error.contains("TOPIC="), "{error}");
    let error = run(&deployed, &["worker"]);
    let variable = "environment: TOPIC: You must provide a topic as an env var (TOPIC=my_topic)";
    assert!(error.contains(variable) && !error.contains("--topic"), "{error}");
}

#[tokio::test]
async fn redis_check_is_waived_only_by_its_own_name() {
    let deployment = Setup::dev(TOPIC).own_redis().start().await;
    let () = deployment.redis().tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    let start = |check| refusal(deployment.crosswire(&["web", "--allow", check]));
    assert!(start("ephemeral-disk").contains("eviction: Redis may evict messages"));
    assert!(start("eviction").contains("is taken by another program"));
    let environment = [("ENV", "dev")];
    let check = |arguments: &[&str]| deployment.crosswire_with(&environment, arguments);
    assert!(!check(&["check"]).status.success());
    let allowed = check(&["check", "--allow", "eviction"]);
    assert!(allowed.status.success(), "{allowed:?}");
    assert!(String::from_utf8(allowed.stdout).unwrap().contains("allowed: eviction"));
}
