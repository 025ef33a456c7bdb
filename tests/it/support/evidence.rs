//! Search for secrets in the logs of a test's processes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

/// Texts that no log may hold: phone numbers, message texts, tokens.
#[derive(Default)]
pub(super) struct Secrets(Mutex<BTreeSet<String>>);

impl Secrets {
    pub(super) fn add(&self, secret: &str) {
        self.0.lock().unwrap().insert(secret.to_owned());
    }

    /// Returns the secrets found in the logs of a directory, with the name of the log.
    pub(super) fn leaked(&self, logs: &Path) -> Vec<String> {
        let secrets = self.0.lock().unwrap();
        let mut leaked = Vec::new();
        for (name, log) in read_logs(logs) {
            let found = secrets.iter().filter(|secret| log.contains(secret.as_str()));
            leaked.extend(found.map(|secret| format!("{name}: {secret}")));
        }
        leaked
    }
}

/// Reads the logs of a directory, sorted by name.
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
    fn only_secrets_in_log_files_are_reported() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("web.log"), "a line with 4155550101 in it").unwrap();
        std::fs::write(dir.path().join("dump.aof"), "4155550102").unwrap();
        let secrets = Secrets::default();
        secrets.add("4155550101");
        secrets.add("4155550102");
        assert_eq!(secrets.leaked(dir.path()), ["web.log: 4155550101"]);
    }
}
