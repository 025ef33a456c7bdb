//! Answers: which of them count, and how they are recorded.

use serde_json::Value;

use super::question::{Kind, Question};
use crate::model::keyword::normalize;

/// Longest answer to a question that sets no `max`.
const MAX_LENGTH: i64 = 1000;

impl Question {
    /// Returns the answer that a text is, as it is recorded; `None` when it does not count.
    pub(super) fn answer(&self, text: &str) -> Option<Value> {
        let word = normalize(text);
        match self.kind {
            Kind::Text => {
                let (text, range) = (text.trim(), self.min.unwrap_or(1)..=self.longest());
                let length = i64::try_from(text.chars().count()).ok()?;
                range.contains(&length).then(|| text.into())
            }
            Kind::Number => {
                let number: i64 = word.parse().ok()?;
                let range = self.min.unwrap_or(i64::MIN)..=self.max.unwrap_or(i64::MAX);
                range.contains(&number).then(|| number.into())
            }
            Kind::Choice => choice(&self.options, &word).map(Value::from),
            Kind::YesNo => {
                let is_one = |words: &[String]| words.iter().any(|one| normalize(one) == word);
                let is_yes = is_one(&self.yes);
                (is_yes || is_one(&self.no)).then(|| is_yes.into())
            }
        }
    }

    /// Returns the text that asks again after an answer that does not count.
    pub(super) fn ask_again(&self) -> String {
        self.retry.clone().unwrap_or_else(|| self.hint())
    }

    fn hint(&self) -> String {
        match (self.kind, self.min, self.max) {
            (Kind::Text, min, _) => {
                let (min, max) = (min.unwrap_or(1), self.longest());
                format!("Please send a text of {min} to {max} characters.")
            }
            (Kind::Number, Some(min), Some(max)) => {
                format!("Please send a whole number from {min} to {max}.")
            }
            (Kind::Number, Some(min), None) => format!("Please send a whole number from {min} on."),
            (Kind::Number, None, Some(max)) => format!("Please send a whole number up to {max}."),
            (Kind::Number, None, None) => "Please send a whole number.".to_owned(),
            (Kind::Choice, ..) => format!("Please send one of: {}", self.options.join(", ")),
            (Kind::YesNo, ..) => {
                let first = |words: &[String]| words.first().cloned().unwrap_or_default();
                format!("Please send {} or {}.", first(&self.yes), first(&self.no))
            }
        }
    }

    fn longest(&self) -> i64 {
        self.max.unwrap_or(MAX_LENGTH)
    }
}

/// Returns the option that a word is. A number counts as a place in the list when no option is called so.
fn choice<'o>(options: &'o [String], word: &str) -> Option<&'o str> {
    let named = options.iter().find(|option| normalize(option) == word);
    let place = || options.get(word.parse::<usize>().ok()?.checked_sub(1)?);
    named.or_else(place).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"min": 2, "max": 3}), " abc ", Some(json!("abc")))]
    #[case(json!({"min": 2, "max": 3}), "a", None)]
    #[case(json!({"min": 2, "max": 3}), "äöüß", None)]
    #[case(json!({}), "  ", None)]
    #[case(json!({"kind": "number", "min": -1, "max": 9}), "9.", Some(json!(9)))]
    #[case(json!({"kind": "number", "min": -1, "max": 9}), "-1", Some(json!(-1)))]
    #[case(json!({"kind": "number", "min": -1, "max": 9}), "10", None)]
    #[case(json!({"kind": "number", "min": -1, "max": 9}), "nine", None)]
    #[case(json!({"kind": "number"}), "99999999999999999999", None)]
    #[case(json!({"kind": "choice", "options": ["Red", "Green"]}), "green!", Some(json!("Green")))]
    #[case(json!({"kind": "choice", "options": ["Red", "Green"]}), "1", Some(json!("Red")))]
    #[case(json!({"kind": "choice", "options": ["2", "1"]}), "1", Some(json!("1")))]
    #[case(json!({"kind": "choice", "options": ["Red", "Green"]}), "0", None)]
    #[case(json!({"kind": "choice", "options": ["Red", "Green"]}), "3", None)]
    #[case(json!({"kind": "yes_no"}), "Yes.", Some(json!(true)))]
    #[case(json!({"kind": "yes_no"}), "N", Some(json!(false)))]
    #[case(json!({"kind": "yes_no"}), "maybe", None)]
    #[case(json!({"kind": "yes_no", "yes": ["ja"]}), "yes", None)]
    fn answer_counts_or_not(
        #[case] mut settings: Value,
        #[case] text: &str,
        #[case] expected: Option<Value>,
    ) {
        settings["name"] = "q".into();
        settings["text"] = "?".into();
        let question: Question = serde_json::from_value(settings).unwrap();
        assert_eq!(question.answer(text), expected);
    }
}
