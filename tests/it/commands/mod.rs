//! Commands that need no deployment: they begin a program or a configuration.

mod backup;
mod dotenv;
mod init;
mod migrate;
mod new;

use std::path::Path;
use std::process::{Command, Output};

/// Runs a command of `crosswire` in a directory, without any other environment.
fn crosswire(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosswire"));
    let command = command.env_clear().envs(variables.iter().copied());
    command.current_dir(directory).args(arguments).output().unwrap()
}

/// Returns what a command printed, which must have succeeded.
fn output(output: &Output) -> String {
    assert!(output.status.success(), "{}", errors(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Returns the errors of a command.
fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}
