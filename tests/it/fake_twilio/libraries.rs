//! Twilio's own libraries for Python and Node against the fake, unchanged but for its address.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::twilio::{Account, FakeTwilio};

const SID: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "12345678901234567890123456789012";

/// Folder of what is installed once for all runs.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs an installer, and returns whether it succeeded. A machine without the tool, or without its
/// registry, cannot install.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn installs(library: &str, installer: &mut Command) -> bool {
    let is_there = installer.output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("skipped: Twilio's library for {library} cannot be installed here");
    }
    is_there
}

fn drive(client: &mut Command) -> Output {
    let fake = FakeTwilio::start(Account { sid: SID.to_owned(), token: TOKEN.to_owned() });
    client.args([&fake.url(), SID, TOKEN]).output().unwrap()
}

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fake_twilio").join(name)
}

#[test]
fn python_library_drives_the_fake() {
    let folder = folder("twilio-python");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
    pip.arg(&folder).arg("twilio==9.13.0");
    if !folder.join("twilio").exists() && !installs("Python", &mut pip) {
        return;
    }
    let output = drive(Command::new("python3").env("PYTHONPATH", &folder).arg(script("client.py")));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn node_library_drives_the_fake() {
    let folder = folder("twilio-node");
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
    npm.arg("twilio@6.2.0");
    let modules = folder.join("node_modules");
    if !modules.join("twilio").exists() && !installs("Node", &mut npm) {
        return;
    }
    let output = drive(Command::new("node").env("NODE_PATH", &modules).arg(script("client.cjs")));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
