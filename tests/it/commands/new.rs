//! The command `new`, whose program is built and tests itself.

use std::path::Path;
use std::process::Command;

use super::{crosswire, errors, output, read};

const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// Runs cargo on a new program, with what this crate's own build has compiled.
fn cargo(program: &Path, arguments: &[&str]) -> std::process::Output {
    // The binary under test is in target/<profile>.
    let target = Path::new(env!("CARGO_BIN_EXE_crosswire")).ancestors().nth(2).unwrap();
    let mut command = Command::new(env!("CARGO"));
    let command = command.args(arguments).args(["--offline", "--quiet"]);
    command.current_dir(program).env("CARGO_TARGET_DIR", target).output().unwrap()
}

#[test]
fn new_program_builds_passes_its_test_and_says_its_own_name() {
    let directory = tempfile::tempdir().unwrap();
    output(&crosswire(directory.path(), &[], &["new", "desk-1", "--crosswire", SOURCE]));
    let program = directory.path().join("desk-1");
    // The versions that are at hand without a network.
    std::fs::copy(Path::new(SOURCE).join("Cargo.lock"), program.join("Cargo.lock")).unwrap();
    let tested = output(&cargo(&program, &["test"]));
    assert!(tested.contains("1 passed"), "{tested}");
    let version = output(&cargo(&program, &["run", "--profile", "test", "--", "--version"]));
    assert_eq!(version, format!("desk-1 0.1.0 (Crosswire {})\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn existing_directory_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("desk")).unwrap();
    let error = errors(&crosswire(directory.path(), &[], &["new", "desk"]));
    assert!(error.contains("desk is already there; remove it, or choose another name"), "{error}");
    assert_eq!(directory.path().join("desk").read_dir().unwrap().count(), 0);
}

#[test]
fn dependency_is_the_source_unless_another_is_named() {
    let directory = tempfile::tempdir().unwrap();
    output(&crosswire(directory.path(), &[], &["new", "desk"]));
    let manifest = read(&directory.path().join("desk/Cargo.toml"));
    assert!(manifest.contains(&format!("crosswire = {{ path = \"{SOURCE}\" }}")), "{manifest}");
    let error = errors(&crosswire(directory.path(), &[], &["new", "b", "--crosswire", "desk"]));
    assert!(error.contains("--crosswire: desk is not the crate's directory"), "{error}");
}
