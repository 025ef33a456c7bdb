//! The file `.env`, which every command reads.

use super::{crosswire, errors, output};

const TOPIC: &str = "[topics.t]\nhandler = \"echo\"\ntransport = \"websocket\"\n";

#[test]
fn environment_takes_precedence_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("my.toml"), TOPIC).unwrap();
    let env = "TOPICS_FILE=my.toml\nENV=dev\nPUBLIC_URL=nonsense\n";
    std::fs::write(directory.path().join(".env"), env).unwrap();
    let ended = crosswire(directory.path(), &[], &["check"]);
    assert!(String::from_utf8_lossy(&ended.stdout).contains("environment: PUBLIC_URL: "));
    for variable in ["https://example.com", ""] {
        let ended = crosswire(directory.path(), &[("PUBLIC_URL", variable)], &["check"]);
        assert!(output(&ended).starts_with("the configuration is valid; topics: 1\n"));
    }
}

#[test]
fn file_with_an_error_stops_the_command_and_shows_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(".env"), "A=1\nSECRET_KEY=not quoted\n").unwrap();
    let error = errors(&crosswire(directory.path(), &[], &["check"]));
    assert!(error.starts_with("Error: .env: the line after A cannot be read; write"), "{error}");
    assert!(!error.contains("quoted\n") && !error.contains("not quoted"), "{error}");
}
