//! Questions of a survey.

use serde::Deserialize;
use serde_json::Value;

use super::kind::Kind;
use super::record::COLUMNS;
use crate::contracts::settings::SettingsErrors;
use crate::model::keyword::is_opt_out;

/// A question: the table `questions` of the survey's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// Name of its column.
    pub name: String,
    pub text: String,
    #[serde(default)]
    pub kind: Kind,
    /// Text after an answer that does not count, in place of the one of its kind.
    pub retry: Option<String>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    #[serde(default)]
    pub options: Vec<String>,
    #[serde(default = "yes")]
    pub yes: Vec<String>,
    #[serde(default = "no")]
    pub no: Vec<String>,
}

fn yes() -> Vec<String> {
    ["YES", "Y"].map(str::to_owned).to_vec()
}

fn no() -> Vec<String> {
    ["NO", "N"].map(str::to_owned).to_vec()
}

impl Question {
    /// Returns the answer that a text is, as it is recorded; `None` when it does not count.
    pub(super) fn answer(&self, text: &str) -> Option<Value> {
        self.kind.answer(self, text)
    }

    /// Returns the text that asks again.
    pub(super) fn retry(&self) -> String {
        self.retry.clone().unwrap_or_else(|| self.kind.retry(self))
    }

    /// Reports every setting that cannot work, under the key of this question.
    pub(super) fn check(&self, key: &str, errors: &mut SettingsErrors) {
        let is_legal = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        if self.name.is_empty() || !self.name.chars().all(is_legal) {
            errors.add(&format!("{key}.name"), "must be letters, digits, _ and -; correct it");
        } else if COLUMNS.contains(&self.name.as_str()) {
            let sentence = format!("{:?} is a column of every survey; choose another", self.name);
            errors.add(&format!("{key}.name"), sentence);
        }
        for (name, text) in [("text", Some(&self.text)), ("retry", self.retry.as_ref())] {
            if text.is_some_and(|text| !(1..=1600).contains(&text.chars().count())) {
                let sentence = "must have 1 to 1600 characters; correct the value";
                errors.add(&format!("{key}.{name}"), sentence);
            }
        }
        if self.min.zip(self.max).is_some_and(|(min, max)| min > max) {
            errors.add(&format!("{key}.min"), "is larger than max; correct one of them");
        }
        self.check_words(key, errors);
    }

    fn check_words(&self, key: &str, errors: &mut SettingsErrors) {
        if self.kind == Kind::Choice && self.options.len() < 2 {
            errors.add(&format!("{key}.options"), "must have two options at least; add them");
        } else if self.kind != Kind::Choice && !self.options.is_empty() {
            errors.add(&format!("{key}.options"), "belongs to kind = \"choice\"; set the kind");
        }
        for (name, words) in [("options", &self.options), ("yes", &self.yes), ("no", &self.no)] {
            if let Some(word) = words.iter().find(|word| is_opt_out(word)) {
                let sentence = format!("\"{word}\" is an opt-out word; choose another");
                errors.add(&format!("{key}.{name}"), sentence);
            }
            if name != "options" && words.is_empty() {
                errors.add(&format!("{key}.{name}"), "is empty; name at least one word");
            }
        }
    }
}
