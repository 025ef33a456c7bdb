//! Kinds of questions: which answers count, and how they are recorded.

use serde::Deserialize;
use serde_json::Value;

use super::question::Question;
use crate::model::keyword::normalize;

/// Longest answer to a question that sets no `max`.
pub(super) const MAX_LENGTH: i64 = 1000;

/// Kind of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A text of `min` to `max` characters.
    #[default]
    Text,
    /// A whole number from `min` to `max`.
    Number,
    /// One of the `options`, by its text or its number in the list.
    Choice,
    /// A word for yes or a word for no.
    YesNo,
}

impl Kind {
    /// Returns the answer that a text is, as it is recorded.
    pub(super) fn answer(self, question: &Question, text: &str) -> Option<Value> {
        let word = normalize(text);
        match self {
            Self::Text => {
                let text = text.trim();
                let length = i64::try_from(text.chars().count()).ok()?;
                let (min, max) = (question.min.unwrap_or(1), question.max.unwrap_or(MAX_LENGTH));
                (min..=max).contains(&length).then(|| text.into())
            }
            Self::Number => {
                let number: i64 = word.parse().ok()?;
                let (min, max) =
                    (question.min.unwrap_or(i64::MIN), question.max.unwrap_or(i64::MAX));
                (min..=max).contains(&number).then(|| number.into())
            }
            Self::Choice => choice(&question.options, &word).map(Value::from),
            Self::YesNo => {
                let is_one = |words: &[String]| words.iter().any(|one| normalize(one) == word);
                let is_yes = is_one(&question.yes);
                (is_yes || is_one(&question.no)).then(|| is_yes.into())
            }
        }
    }

    /// Returns the text that asks again after an answer that does not count.
    pub(super) fn retry(self, question: &Question) -> String {
        match (self, question.min, question.max) {
            (Self::Text, min, max) => {
                let (min, max) = (min.unwrap_or(1), max.unwrap_or(MAX_LENGTH));
                format!("Please send a text of {min} to {max} characters.")
            }
            (Self::Number, Some(min), Some(max)) => {
                format!("Please send a whole number from {min} to {max}.")
            }
            (Self::Number, Some(min), None) => format!("Please send a whole number from {min} on."),
            (Self::Number, None, Some(max)) => format!("Please send a whole number up to {max}."),
            (Self::Number, None, None) => "Please send a whole number.".to_owned(),
            (Self::Choice, ..) => format!("Please send one of: {}", question.options.join(", ")),
            (Self::YesNo, ..) => {
                let first = |words: &[String]| words.first().cloned().unwrap_or_default();
                format!("Please send {} or {}.", first(&question.yes), first(&question.no))
            }
        }
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
