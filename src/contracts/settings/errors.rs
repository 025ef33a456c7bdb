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

    /// Records an error whose sentence already contains the fix.
    pub fn add_sentence(&self, file: &str, key: &str, sentence: &str) {
        self.recorded().push(format!("{file}: {key}: {sentence}"));
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
    fn nearest_name_is_suggested_only_when_it_is_near() {
        assert_eq!(
            did_you_mean("lenght", ["length", "pattern"]),
            "did you mean length? known: length, pattern"
        );
        assert_eq!(did_you_mean("xyz", ["length", "pattern"]), "known: length, pattern");
        assert_eq!(did_you_mean("xyz", []), "known: none");
    }
}
