//! Everything that is wrong with a configuration, said at once.

use std::cell::RefCell;
use std::fmt;

/// What is wrong, one line each: `file: key: what is wrong; what to do`.
#[derive(Debug, Default)]
pub struct ConfigErrors(RefCell<Vec<String>>);

impl ConfigErrors {
    /// Notes one mistake. `what` never quotes a value that may be a secret.
    pub fn add(&self, file: &str, key: &str, what: impl fmt::Display, fix: impl fmt::Display) {
        self.add_sentence(file, key, &format!("{what}; {fix}"));
    }

    /// Notes one mistake whose words say what to do already.
    pub fn add_sentence(&self, file: &str, key: &str, sentence: &str) {
        self.0.borrow_mut().push(format!("{file}: {key}: {sentence}"));
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All of them as one error, if there is one.
    pub fn into_result(self) -> anyhow::Result<()> {
        if self.is_empty() { Ok(()) } else { Err(anyhow::Error::msg(self.to_string())) }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot work")?;
        self.0.borrow().iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// What to do about a name that nobody knows: the nearest one that somebody does, and all of them.
pub fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        // Further away than a third of the name it is a guess, not a slip of the finger.
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
    fn the_nearest_name_is_offered_when_it_is_near() {
        assert_eq!(
            did_you_mean("lenght", ["length", "pattern"]),
            "did you mean length? known: length, pattern"
        );
        assert_eq!(did_you_mean("xyz", ["length", "pattern"]), "known: length, pattern");
        assert_eq!(did_you_mean("xyz", []), "known: none");
    }
}
