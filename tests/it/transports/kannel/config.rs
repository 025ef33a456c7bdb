//! Settings: every error is reported at once, with its key and its fix.

use std::fs;
use std::process::Command;

use crate::support::kannel::blocks;

/// Output of `crosswire check` for a topic with these settings, in a deployment.
fn check(settings: &str, environment: &[(&str, &str)]) -> String {
    let topics = format!(
        "[topics.poll]\nhandler = \"echo\"\ntransport = \"gate\"\n[topics.poll.gate]\n\
         kind = \"kannel\"\n{settings}"
    );
    check_file(&topics, environment)
}

fn check_file(topics: &str, environment: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("topics.toml");
    fs::write(&file, topics).unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_crosswire"));
    check.env_clear().env("TOPICS_FILE", &file).arg("check").current_dir(directory.path());
    check.envs(environment.iter().copied());
    String::from_utf8(check.output().unwrap().stdout).unwrap()
}

const CREDENTIALS: [(&str, &str); 2] =
    [("KANNEL_USERNAME", "rapidsms"), ("KANNEL_PASSWORD", "change-me")];

fn assert_lines(output: &str, expected: &[&str]) {
    let about = |line: &&str| line.contains("topics.toml: ") || line.contains("KANNEL");
    let lines: Vec<&str> = output.lines().filter(about).map(str::trim).collect();
    for start in expected {
        assert!(lines.iter().any(|line| line.contains(start)), "{start} is not in\n{output}");
    }
    assert_eq!(lines.len(), expected.len(), "{output}");
}

#[test]
fn every_error_is_reported_with_its_fix() {
    let output = check(
        "sendsms_url = \"http://8.8.8.8/sendsms\"\nusername_env = \"change-me\"\nallow = [\"10.0.0.0/33\"]\n\
         priority = 4\ndelivery_reports = true\ndedupe = \"0s\"\nsmsc = \"\"\nfrom = \" 1\"\n\
         secret_env = \"GATE\"",
        &[],
    );
    for start in [
        "topics.poll.gate.sendsms_url: sends the password over the internet",
        "topics.poll.gate.username_env: is not the name of an environment variable; write the name, such as KANNEL_USERNAME",
        "topics.poll.gate.allow: \"10.0.0.0/33\" is no address; write",
        "topics.poll.gate.priority: must be from 0 to 3",
        "topics.poll.gate.delivery_reports: needs an address that Kannel can call; set PUBLIC_URL",
        "topics.poll.gate.dedupe: must be from 1s to 1h",
        "topics.poll.gate.smsc: is empty",
        "topics.poll.gate.from: a line has spaces around it",
        "environment: KANNEL_USERNAME: is not set",
        "environment: KANNEL_PASSWORD: is not set",
        "environment: GATE: is not set; set it to what `openssl rand -hex 16` prints",
    ] {
        assert!(output.contains(start), "{start} is not in\n{output}");
    }
    assert!(!output.contains("change-me"), "{output}");
}

#[test]
fn deployment_that_anyone_could_call_is_refused() {
    let expected = "topics.poll.gate.allow: is missing, and so is KANNEL_SECRET";
    assert_lines(&check("", &CREDENTIALS), &[expected]);
    assert_lines(&check("allow = [\"10.0.0.5\", \"fd00::/8\"]", &CREDENTIALS), &[]);
}

#[test]
fn weak_secret_is_refused() {
    for (secret, problem) in [
        ("0123456789abcde", "is shorter than 16 characters; set it to"),
        ("0123456789abcdef%a", "has characters that a URL cannot hold as they are; set it to"),
        ("0123456789abcdef+", "has characters that a URL cannot hold as they are; set it to"),
    ] {
        let environment = [CREDENTIALS[0], CREDENTIALS[1], ("KANNEL_SECRET", secret)];
        let output = check("", &environment);
        assert_lines(&output, &[&format!("KANNEL_SECRET: {problem}")]);
        assert!(!output.contains(secret), "{output}");
    }
    let environment = [CREDENTIALS[0], CREDENTIALS[1], ("KANNEL_SECRET", "0123456789abcdef")];
    assert_lines(&check("", &environment), &[]);
}

#[test]
fn unknown_key_is_reported_with_the_known_ones() {
    let output = check("allow = [\"::1\"]\nsendsms = \"http://127.0.0.1/\"", &CREDENTIALS);
    assert_lines(&output, &["topics.poll.gate.sendsms: unknown field `sendsms`, expected one of"]);
}

#[test]
fn documented_topics_are_valid() {
    let environment = [
        CREDENTIALS[0],
        CREDENTIALS[1],
        ("KANNEL_SECRET", "0123456789abcdef"),
        ("MODEM_USERNAME", "modem"),
        ("MODEM_PASSWORD", "change-me"),
        ("PUBLIC_URL", "https://example.com"),
    ];
    let documented = blocks("toml");
    assert_eq!(documented.len(), 2);
    for topics in documented {
        assert_lines(&check_file(&topics, &environment), &[]);
    }
}
