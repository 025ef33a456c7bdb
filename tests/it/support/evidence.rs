//! What must not be found once a test is over: secrets in the logs, and work left undone.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

/// Words that no log may hold: numbers, texts, tokens.
#[derive(Default)]
pub(super) struct Secrets(Mutex<BTreeSet<String>>);

impl Secrets {
    pub(super) fn add(&self, secret: &str) {
        self.0.lock().unwrap().insert(secret.to_owned());
    }

    /// The secrets that stand in a log of this directory, each with the log's name.
    pub(super) fn spilled(&self, logs: &Path) -> Vec<String> {
        let secrets = self.0.lock().unwrap();
        let mut spilled = Vec::new();
        for (name, log) in read_logs(logs) {
            let found = secrets.iter().filter(|secret| log.contains(secret.as_str()));
            spilled.extend(found.map(|secret| format!("{name}: {secret}")));
        }
        spilled
    }
}

/// The logs of a directory, by name.
pub(super) fn read_logs(logs: &Path) -> Vec<(String, String)> {
    let mut read: Vec<_> = std::fs::read_dir(logs)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "log"))
        .map(|entry| {
            let log = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
            (entry.file_name().to_string_lossy().into_owned(), log)
        })
        .collect();
    read.sort();
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_log_is_found_and_one_elsewhere_is_not() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("web.log"), "a line with 4155550101 in it").unwrap();
        std::fs::write(dir.path().join("dump.aof"), "4155550102").unwrap();
        let secrets = Secrets::default();
        secrets.add("4155550101");
        secrets.add("4155550102");
        assert_eq!(secrets.spilled(dir.path()), ["web.log: 4155550101"]);
    }
}
