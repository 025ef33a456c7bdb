//! Refuses a message by a regular expression of the topic's own.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::{Map, Value};
use validator::Validate;

use crate::contracts::validator::{Rejection, Validator, settings};
use crate::model::message::Inbound;

pub const NAME: &str = "pattern";
pub const DEFAULT_TEXT: &str =
    "Your message does not look the way it should here. Please check it and try again.";

/// Bytes that one compiled expression may take. Matching is linear in the text whatever the
/// expression; this bounds what a typing error such as `.{99999}` costs at start-up.
const SIZE_LIMIT: usize = 1 << 20;

#[derive(Default, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    must_match: Option<String>,
    must_not_match: Option<String>,
}

/// Settings: `must_match` and `must_not_match`, of which at least one is needed. Either is looked
/// for anywhere in the text; `^` and `$` tie it to the ends.
///
/// # Errors
/// One sentence per mistake in the settings.
pub fn build(map: &Map<String, Value>) -> Result<Box<dyn Validator>, Vec<String>> {
    let given: Settings = settings(map)?;
    if given.must_match.is_none() && given.must_not_match.is_none() {
        return Err(vec![
            "must_match: set it, or must_not_match, to a regular expression".to_owned(),
        ]);
    }
    let mut mistakes = Vec::new();
    let must_match = compile("must_match", given.must_match, &mut mistakes);
    let must_not_match = compile("must_not_match", given.must_not_match, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Ok(Box::new(move |message: &Inbound| {
        let text = message.text.reveal();
        if must_match.as_ref().is_some_and(|wanted| !wanted.is_match(text)) {
            return Err(Rejection("does not match must_match".to_owned()));
        }
        if must_not_match.as_ref().is_some_and(|unwanted| unwanted.is_match(text)) {
            return Err(Rejection("matches must_not_match".to_owned()));
        }
        Ok(())
    }))
}

fn compile(key: &str, expression: Option<String>, mistakes: &mut Vec<String>) -> Option<Regex> {
    let compiled = RegexBuilder::new(&expression?).size_limit(SIZE_LIMIT).build();
    compiled
        .map_err(|error| mistakes.push(format!("{key}: mend the regular expression: {error}")))
        .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contracts::validator::{said, settings_of};

    fn passes(settings: Value, text: &str) -> bool {
        build(&settings_of(settings)).unwrap().validate(&said(text)).is_ok()
    }

    #[test]
    fn the_text_must_match_the_one_and_must_not_match_the_other() {
        let settings = json!({"must_match": "(?i)yo mom", "must_not_match": "^[A-Z ]+$"});
        assert!(passes(settings.clone(), "well, Yo Momma"));
        assert!(!passes(settings.clone(), "well, your mother"));
        assert!(!passes(settings, "YO MOMMA"));
        assert!(passes(json!({"must_match": "^[0-9]{4}$"}), "1234"));
        assert!(!passes(json!({"must_match": "^[0-9]{4}$"}), "12345"));
        assert!(!passes(json!({"must_not_match": "spam"}), "more spam here"));
    }

    #[test]
    fn at_least_one_expression_is_needed() {
        let mistakes = build(&Map::new()).err().unwrap();
        assert!(mistakes[0].starts_with("must_match: set it"), "{mistakes:?}");
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let settings = json!({"must_match": "(", "must_not_match": r"(\w{1000}){1000}"});
        let mistakes = build(&settings_of(settings)).err().unwrap();
        assert!(mistakes[0].starts_with("must_match: mend"), "{mistakes:?}");
        assert!(mistakes[1].starts_with("must_not_match: mend"), "{mistakes:?}");
        let mistakes = build(&settings_of(json!({"must_match": 5, "match": "a"}))).err().unwrap();
        assert_eq!(mistakes.len(), 2);
    }
}
