//! The command `crosswire script`.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::TOPICS;

/// A folder with topics.toml and scripts.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files.iter().chain([&("topics.toml", TOPICS)]) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_crosswire"))
            .arg("script")
            .args(arguments)
            .current_dir(self.0.path())
            // The command must ignore the environment but for TOPICS_FILE.
            .env_clear()
            .env("REDIS_URL", "redis://nowhere:1")
            .env("SECRET_KEY", "short")
            .output()
            .unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const GOOD: &str = "# Fine.\ntopic echo\n1 > ping\n1 < pong\n";

#[test]
fn passing_script_exits_with_zero() {
    let folder = Folder::with(&[("good.script", GOOD)]);
    let output = folder.run(&["good.script"]);
    assert_eq!(out(&output), "good.script: ok, 3 lines\nscripts: 1, failed: 0, failures: 0\n");
    assert_eq!(output.status.code(), Some(0));
    let left: Vec<_> = fs::read_dir(folder.0.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing is written anywhere");
}

#[test]
fn failures_of_one_file_do_not_stop_the_others() {
    let folder =
        Folder::with(&[("bad.script", "1 > stop\n1 < Bye.\n2 < No."), ("good.script", GOOD)]);
    let output = folder.run(&["bad.script", "good.script"]);
    let expected = "bad.script:2: Message was ignored.\nMessage: 'stop'\nExpecting: 'Bye.'\n\
                    bad.script:3: Message was ignored.\nMessage: 'stop'\nExpecting: 'No.'\n\
                    bad.script: FAILED, failures: 2\ngood.script: ok, 3 lines\n\
                    scripts: 2, failed: 1, failures: 2\n";
    assert_eq!(out(&output), expected);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Error: scripts that failed: 1 of 2\n");
}

#[test]
fn parse_error_in_any_file_prevents_all_runs() {
    let folder = Folder::with(&[("good.script", GOOD), ("bad.script", "1 > a\nhello\n1 < b")]);
    let output = folder.run(&["good.script", "bad.script", "none.script"]);
    let text = out(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("bad.script:2: unknown command; write"), "{text}");
    assert!(lines[1].starts_with("none.script:1: cannot be read (No such file"), "{text}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn strict_and_topic_options_are_applied() {
    let folder = Folder::with(&[("a.script", "1 > ping\n1 < pong\n2 > ping")]);
    assert_eq!(folder.run(&["--topic", "echo", "a.script"]).status.code(), Some(0));
    let output = folder.run(&["--strict", "--topic", "echo", "a.script"]);
    let expected = "a.script:3: Unexpected message to 2.\nReceived text: pong\n";
    assert!(out(&output).starts_with(expected), "{}", out(&output));
    assert_eq!(output.status.code(), Some(1));
    let output = folder.run(&["--topic", "ehco", "a.script"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("--topic: there is no topic \"ehco\"; did you mean echo?"), "{error}");
}

#[test]
fn control_characters_are_escaped_in_output() {
    let name = "a\u{1b}[2J.script";
    let script = "topic echo\n1 > echo \u{1b}[31mred\u{9b}2J\u{202e}txt\rgone\u{7f}\n1 < no";
    let folder = Folder::with(&[(name, script), ("bad.script", "\u{1b}]0;title\u{7}")]);
    let output = folder.run(&[name]);
    let text = out(&output);
    let escaped = r"\u{1b}[31mred\u{9b}2J\u{202e}txt\rgone\u{7f}";
    assert!(text.contains(&format!("Received text: {escaped}\n")), "{text:?}");
    assert!(text.contains(r"a\u{1b}[2J.script: FAILED, failures: 1"), "{text:?}");
    let output = folder.run(&["bad.script"]);
    let errors = [&output.stdout[..], &output.stderr].concat();
    let text = text + &String::from_utf8(errors).unwrap();
    let is_harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(is_harmful), "{text:?}");
}
