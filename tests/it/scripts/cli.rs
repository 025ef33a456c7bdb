//! `crosswire script`.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::TOPICS;

/// A folder with topics and scripts in it.
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
            // A script uses nothing of the environment that it runs in.
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
fn a_script_that_holds_ends_with_zero() {
    let folder = Folder::with(&[("good.script", GOOD)]);
    let output = folder.run(&["good.script"]);
    assert_eq!(out(&output), "good.script: ok, 3 lines\nscripts: 1, failed: 0, failures: 0\n");
    assert_eq!(output.status.code(), Some(0));
    let left: Vec<_> = fs::read_dir(folder.0.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing is written anywhere");
}

#[test]
fn every_failure_is_said_and_the_other_files_are_played_all_the_same() {
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
fn nothing_is_played_while_any_file_has_a_mistake() {
    let folder = Folder::with(&[("good.script", GOOD), ("bad.script", "1 > a\nhello\n1 < b")]);
    let output = folder.run(&["good.script", "bad.script", "none.script"]);
    let said = out(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("bad.script:2: this is no line of a script; write"), "{said}");
    assert!(lines[1].starts_with("none.script:1: cannot be read (No such file"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn strict_and_the_topic_can_be_said_on_the_command_line() {
    let folder = Folder::with(&[("a.script", "1 > ping\n1 < pong\n2 > ping")]);
    assert_eq!(folder.run(&["--topic", "echo", "a.script"]).status.code(), Some(0));
    let output = folder.run(&["--strict", "--topic", "echo", "a.script"]);
    let expected = "a.script:3: Nobody expected a message to 2.\nReceived text: pong\n";
    assert!(out(&output).starts_with(expected), "{}", out(&output));
    assert_eq!(output.status.code(), Some(1));
    let output = folder.run(&["--topic", "ehco", "a.script"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--topic: there is no topic \"ehco\"; did you mean echo?"), "{said}");
}
