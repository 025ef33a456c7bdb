//! The command `init`.

use std::os::unix::fs::PermissionsExt as _;

use super::{crosswire, errors, output, read};

#[test]
fn configuration_is_valid_as_soon_as_the_account_is_filled_in() {
    let directory = tempfile::tempdir().unwrap();
    let flags = ["init", "--handler", "roulette", "--public-url", "https://example.com"];
    let printed = output(&crosswire(directory.path(), &[], &flags));
    assert!(printed.contains("crosswire dev"), "{printed}");
    let file = directory.path().join(".env");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let ended = crosswire(directory.path(), &[], &["check"]);
    let lines = String::from_utf8(ended.stdout).unwrap();
    assert!(lines.contains("TWILIO_ACCOUNT_SID") && !lines.contains("SECRET_KEY"), "{lines}");
    let account = format!("AC{}", "0123456789abcdef".repeat(2));
    let account = [("TWILIO_ACCOUNT_SID", account.as_str()), ("TWILIO_AUTH_TOKEN", &account[2..])];
    let printed = output(&crosswire(directory.path(), &account, &["check"]));
    assert!(printed.starts_with("the configuration is valid; topics: 1\n"), "{printed}");
}

#[test]
fn existing_file_is_replaced_only_by_force_and_then_kept() {
    let directory = tempfile::tempdir().unwrap();
    let env = directory.path().join(".env");
    std::fs::write(&env, "SECRET_KEY=mine\n").unwrap();
    let flags = ["init", "--handler", "echo"];
    let error = errors(&crosswire(directory.path(), &[], &flags));
    assert!(error.contains("`--force` replaces files") && error.contains(".env"), "{error}");
    assert_eq!(read(&env), "SECRET_KEY=mine\n");
    assert!(!directory.path().join("topics.toml").exists(), "nothing was written");
    output(&crosswire(directory.path(), &[], &[&flags[..], &["--force"]].concat()));
    assert!(read(&directory.path().join("topics.toml")).contains("[topics.echo]"));
    assert_eq!(read(&directory.path().join(".env.bak")), "SECRET_KEY=mine\n");
    assert_ne!(read(&env), "SECRET_KEY=mine\n");
}

#[test]
fn handler_must_be_named_without_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let error = errors(&crosswire(directory.path(), &[], &["init"]));
    assert!(error.contains("there is no terminal to ask on; name a handler"), "{error}");
    let error = errors(&crosswire(directory.path(), &[], &["init", "--handler", "roulete"]));
    assert!(error.contains("did you mean roulette? known: roulette, rooms"), "{error}");
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}
