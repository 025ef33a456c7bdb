//! Route of an app: the messages that it is offered, by keywords and a regular expression.

use std::borrow::Cow;

use regex::{Captures, Regex, RegexBuilder};
use serde::Deserialize;

use crate::contracts::handler::Result;
use crate::contracts::settings::SettingsErrors;
use crate::model::keyword::{after, is_opt_out, normalize};
use crate::model::message::Inbound;

/// Maximum size of a compiled expression in bytes. Matching is linear in the text whatever the
/// expression; this bounds the cost of a typing error such as `.{99999}` at start-up.
const SIZE_LIMIT: usize = 1 << 20;

/// Settings of an app that are its router's: `handler`, `keywords` and `pattern`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteSettings {
    /// Name of the handler; the app's own by default.
    pub handler: Option<String>,
    keywords: Vec<String>,
    pattern: Option<String>,
}

impl RouteSettings {
    /// Keys in the app's table; every other one is a setting of its handler.
    pub const KEYS: [&str; 3] = ["handler", "keywords", "pattern"];
}

/// Condition of the messages that an app is offered. Without keywords and pattern it is offered all.
#[derive(Default)]
pub struct Route {
    keywords: Vec<String>,
    pattern: Option<Regex>,
}

impl Route {
    /// Creates the route, or reports every word and expression that cannot work.
    pub fn new(settings: RouteSettings) -> Result<Self> {
        let mut errors = SettingsErrors::default();
        for keyword in &settings.keywords {
            if normalize(keyword).is_empty() {
                errors.add("keywords", "has a word without letters; remove it");
            } else if is_opt_out(keyword) {
                errors.add("keywords", format!("\"{keyword}\" is an opt-out word; choose another"));
            }
        }
        let pattern = settings.pattern.and_then(|pattern| compile(&pattern, &mut errors));
        errors.into_result()?;
        Ok(Self { keywords: settings.keywords, pattern })
    }

    /// Returns the message as the app is to see it, with the parts that were matched as parameters;
    /// `None` when it is not for the app.
    pub(super) fn offer<'m>(&self, message: &'m Inbound) -> Option<Cow<'m, Inbound>> {
        if self.keywords.is_empty() && self.pattern.is_none() {
            return Some(Cow::Borrowed(message));
        }
        let matched = self.matched(message.text.reveal())?;
        let mut offered = message.clone();
        // In front, so that a parameter of the webhook cannot stand for a matched part.
        offered.parameters.0.splice(0..0, matched);
        Some(Cow::Owned(offered))
    }

    /// Returns the matched parts of a text by their names. The longest of several keywords counts.
    fn matched(&self, text: &str) -> Option<Vec<(String, String)>> {
        let by_keyword = |keyword| after(keyword, text).map(|rest| (keyword, rest));
        let found = self
            .keywords
            .iter()
            .map(String::as_str)
            .filter_map(by_keyword)
            .max_by_key(|(word, _)| word.len());
        if let Some((keyword, rest)) = found {
            let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            return Some(vec![own("keyword", keyword), own("rest", rest)]);
        }
        let pattern = self.pattern.as_ref()?;
        pattern.captures(text).map(|found| groups(pattern, &found))
    }
}

/// Returns the named groups that took part in a match.
fn groups(pattern: &Regex, found: &Captures<'_>) -> Vec<(String, String)> {
    let names = pattern.capture_names().flatten();
    let group = |name: &str| Some((name.to_owned(), found.name(name)?.as_str().to_owned()));
    names.filter_map(group).collect()
}

/// Compiles an expression, in which upper and lower case are the same unless it says `(?-i)`.
fn compile(pattern: &str, errors: &mut SettingsErrors) -> Option<Regex> {
    let compiled = RegexBuilder::new(pattern).case_insensitive(true).size_limit(SIZE_LIMIT).build();
    compiled
        .map_err(|error| {
            errors.add("pattern", format!("{error}; write an expression of the crate regex"));
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::contracts::settings::build_part;

    fn route(settings: &Value) -> Result<Route, Vec<String>> {
        build_part(settings.as_object().unwrap(), Route::new).map_err(|errors| errors.lines())
    }

    #[rstest]
    #[case("join Ann", &[("keyword", "join"), ("rest", "Ann")])]
    #[case("JOIN US: Ann", &[("keyword", "join us"), ("rest", "Ann")])]
    #[case("Join.", &[("keyword", "join"), ("rest", "")])]
    #[case("Vote red", &[("choice", "red")])]
    fn matched_parts_are_named(#[case] text: &str, #[case] expected: &[(&str, &str)]) {
        let route = route(&json!({
            "keywords": ["join", "join us"],
            "pattern": r"^vote (?<choice>\w+)( for (?<person>\w+))?$",
        }))
        .unwrap();
        let matched = route.matched(text).unwrap();
        let matched: Vec<_> = matched.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(matched, expected);
        assert_eq!(route.matched("joining"), None);
        assert_eq!(route.matched("I vote red"), None);
    }

    #[rstest]
    #[case(json!({"keywords": ["!"]}), "keywords: has a word without letters")]
    #[case(json!({"keywords": ["Stop"]}), "keywords: \"Stop\" is an opt-out word")]
    #[case(json!({"pattern": "("}), "pattern: regex parse error")]
    #[case(json!({"pattern": ".{99999}"}), "pattern: Compiled regex exceeds size limit")]
    #[case(json!({"keywords": "join"}), "keywords: invalid type")]
    fn route_that_cannot_work_is_reported(#[case] settings: Value, #[case] expected: &str) {
        let errors = route(&settings).err().unwrap();
        assert!(errors[0].starts_with(expected), "{errors:?}");
    }
}
