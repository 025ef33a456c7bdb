//! Rejects a message by regular expressions of the topic's own.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::contracts::handler::Result;
use crate::contracts::settings::SettingsErrors;
use crate::contracts::validator::{Rejection, Validator};
use crate::model::message::Inbound;

/// Default text for the sender.
pub const DEFAULT_TEXT: &str =
    "Your message does not look the way it should here. Please check it and try again.";

/// Maximum size of one compiled expression in bytes. Matching is linear in the text whatever the
/// expression; this bounds the cost of a typing error such as `.{99999}` at start-up.
const SIZE_LIMIT: usize = 1 << 20;

/// Settings of the validator: `must_match` and `must_not_match`, of which at least one is required.
/// An expression may match anywhere in the text; `^` and `$` tie it to the ends.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PatternSettings {
    must_match: Option<String>,
    must_not_match: Option<String>,
}

/// Validator of a text by regular expressions.
pub struct Pattern {
    must_match: Option<Regex>,
    must_not_match: Option<Regex>,
}

impl Pattern {
    /// Creates the validator, or reports every expression that does not compile.
    pub fn new(settings: PatternSettings) -> Result<Self> {
        let mut errors = SettingsErrors::default();
        if settings.must_match.is_none() && settings.must_not_match.is_none() {
            errors.add("must_match", "set it, or must_not_match, to a regular expression");
        }
        let must_match = compile("must_match", settings.must_match, &mut errors);
        let must_not_match = compile("must_not_match", settings.must_not_match, &mut errors);
        errors.into_result()?;
        Ok(Self { must_match, must_not_match })
    }
}

impl Validator for Pattern {
    fn validate(&self, message: &Inbound) -> Result<(), Rejection> {
        let text = message.text.reveal();
        if self.must_match.as_ref().is_some_and(|wanted| !wanted.is_match(text)) {
            return Err(Rejection::new("does not match must_match"));
        }
        if self.must_not_match.as_ref().is_some_and(|unwanted| unwanted.is_match(text)) {
            return Err(Rejection::new("matches must_not_match"));
        }
        Ok(())
    }
}

fn compile(key: &str, expression: Option<String>, errors: &mut SettingsErrors) -> Option<Regex> {
    let compiled = RegexBuilder::new(&expression?).size_limit(SIZE_LIMIT).build();
    compiled
        .map_err(|error| errors.add(key, format!("correct the regular expression: {error}")))
        .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contracts::settings::build_part;
    use crate::contracts::validator::{inbound, table};

    fn build(settings: Value) -> Result<Pattern, Vec<String>> {
        build_part(&table(settings), Pattern::new).map_err(|errors| errors.lines())
    }

    fn passes(settings: Value, text: &str) -> bool {
        build(settings).unwrap().validate(&inbound(text)).is_ok()
    }

    #[test]
    fn text_matches_must_match_and_not_must_not_match() {
        let settings = json!({"must_match": "(?i)yo mom", "must_not_match": "^[A-Z ]+$"});
        assert!(passes(settings.clone(), "well, Yo Momma"));
        assert!(!passes(settings.clone(), "well, your mother"));
        assert!(!passes(settings, "YO MOMMA"));
        assert!(passes(json!({"must_match": "^[0-9]{4}$"}), "1234"));
        assert!(!passes(json!({"must_match": "^[0-9]{4}$"}), "12345"));
        assert!(!passes(json!({"must_not_match": "spam"}), "more spam here"));
    }

    #[test]
    fn at_least_one_expression_is_required() {
        let errors = build(json!({})).err().unwrap();
        assert!(errors[0].starts_with("must_match: set it"), "{errors:?}");
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let settings = json!({"must_match": "(", "must_not_match": r"(\w{1000}){1000}"});
        let errors = build(settings).err().unwrap();
        assert!(errors[0].starts_with("must_match: correct"), "{errors:?}");
        assert!(errors[1].starts_with("must_not_match: correct"), "{errors:?}");
        let errors = build(json!({"must_match": 5, "match": "a"})).err().unwrap();
        assert_eq!(errors.len(), 2);
    }
}
