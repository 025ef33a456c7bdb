//! Errors of a configuration, collected so that all of them are reported at once.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The errors of a configuration, one line each: `file: key: problem; fix`.
#[derive(Debug, Default)]
pub struct ConfigErrors(Mutex<Vec<String>>);

impl ConfigErrors {
    /// Records an error. `problem` never quotes a value that may be a secret.
    pub fn add(&self, file: &str, key: &str, problem: impl fmt::Display, fix: impl fmt::Display) {
        self.add_sentence(file, key, &format!("{problem}; {fix}"));
    }

    /// Records an error whose sentence already contains the fix. Topics that read the same variable
    /// have the same error, which is recorded once.
    pub fn add_sentence(&self, file: &str, key: &str, sentence: &str) {
        let line = one_line(&format!("{file}: {key}: {sentence}"));
        let mut recorded = self.recorded();
        if !recorded.contains(&line) {
            recorded.push(line);
        }
    }

    /// Returns the recorded errors, one line each.
    pub fn lines(&self) -> Vec<String> {
        self.recorded().clone()
    }

    pub fn is_empty(&self) -> bool {
        self.recorded().is_empty()
    }

    /// Returns an error that lists all recorded ones, if there are any.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    fn recorded(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is invalid")?;
        self.lines().iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Joins the lines of a text, such as the message of a parser, and escapes all other control
/// characters, which a terminal would obey.
fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut joined = String::new();
    for c in lines.join(" ").chars() {
        if c.is_control() { joined.extend(c.escape_unicode()) } else { joined.push(c) }
    }
    joined
}

/// Returns the fix for an unknown name: the nearest known name, if one is near, and all known ones.
pub fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        // A name that differs in more than a third of its letters is another word, not a typing
        // error.
        .filter(|(distance, _)| *distance <= name.chars().count().div_ceil(3))
        .map(|(_, candidate)| format!("did you mean {candidate}? "))
        .unwrap_or_default();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("{nearest}known: {known}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_one_printable_line_and_recorded_once() {
        let errors = ConfigErrors::default();
        errors.add("\u{1b}[31m.toml", "key", "unclosed group\n  (", "correct it");
        errors.add("environment", "KEY", "is missing", "set it");
        errors.add("environment", "KEY", "is missing", "set it");
        let expected = [
            "\\u{1b}[31m.toml: key: unclosed group   (; correct it",
            "environment: KEY: is missing; set it",
        ];
        assert_eq!(errors.lines(), expected);
    }

    #[test]
    fn nearest_name_is_suggested_only_when_it_is_near() {
        assert_eq!(
            did_you_mean("lenght", ["length", "pattern"]),
            "did you mean length? known: length, pattern"
        );
        assert_eq!(did_you_mean("xyz", ["length", "pattern"]), "known: length, pattern");
        assert_eq!(did_you_mean("xyz", []), "known: none");
    }
}
