//! Rejects vulgar words, however they are spelled, and accepts words that only resemble one.
//!
//! A word counts when it stands alone, never as a part of another one, so "Scunthorpe" passes.
//! Disguises of a word are undone first, in `disguise.rs`.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::contracts::handler::Result;
use crate::contracts::settings::SettingsErrors;
use crate::contracts::validator::{Rejection, Validator};
use crate::model::message::Inbound;

use disguise::{fold, plain};

mod disguise;

/// Default text for the sender.
pub const DEFAULT_TEXT: &str = "You kiss your mother with that mouth? No profanity, please.";

const LIST: &str = include_str!("terms.txt");

/// Maximum size of a compiled list in bytes: room for the shipped list and many terms of a topic.
const SIZE_LIMIT: usize = 1 << 24;

/// Settings of the validator: `allow`, words and phrases that are never rejected, and `deny`,
/// further terms that are.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfanitySettings {
    allow: Vec<String>,
    deny: Vec<String>,
}

/// Validator of the words of a text.
pub struct Profanity {
    denied: Regex,
    allowed: Regex,
}

impl Profanity {
    /// Creates the validator, or reports every term that cannot work.
    pub fn new(settings: ProfanitySettings) -> Result<Self> {
        let mut errors = SettingsErrors::default();
        let (mut terms, mut allowed) = shipped_terms();
        terms.extend(fold_terms("deny", settings.deny, &mut errors));
        let excused: HashSet<String> = fold_terms("allow", settings.allow, &mut errors).collect();
        errors.into_result()?;
        terms.retain(|term| !excused.contains(term));
        allowed.extend(excused);
        Ok(Self {
            denied: compile(&denied_expression(&terms))?,
            allowed: compile(&allowed_expression(&allowed))?,
        })
    }
}

impl Validator for Profanity {
    fn validate(&self, message: &Inbound) -> Result<(), Rejection> {
        let text = plain(message.text.reveal());
        // Only a text with a denied word is searched for excuses.
        let is_denied = |text: &str| self.denied.is_match(text);
        if is_denied(&text) && is_denied(&self.allowed.replace_all(&text, "_")) {
            return Err(Rejection::new("a word on the list"));
        }
        Ok(())
    }
}

fn compile(expression: &str) -> Result<Regex, SettingsErrors> {
    RegexBuilder::new(expression).size_limit(SIZE_LIMIT).build().map_err(|_| {
        let mut errors = SettingsErrors::default();
        errors.add("deny, allow", "name fewer or shorter terms; these do not compile");
        errors
    })
}

/// Returns the shipped terms with their endings, and the phrases in which they are excused.
fn shipped_terms() -> (Vec<String>, Vec<String>) {
    let (mut terms, mut allowed) = (Vec::new(), Vec::new());
    for line in LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(phrase) = line.strip_prefix("~ ") {
            allowed.push(phrase.to_owned());
            continue;
        }
        let mut parts = line.split(" +");
        let term = parts.next().unwrap_or_default();
        terms.push(term.to_owned());
        terms.extend(parts.map(|ending| format!("{term}{ending}")));
    }
    (terms, allowed)
}

fn fold_terms<'a>(
    key: &'a str,
    entries: Vec<String>,
    errors: &'a mut SettingsErrors,
) -> impl Iterator<Item = String> + 'a {
    entries.into_iter().filter_map(move |entry| {
        let term = fold(&entry).split_whitespace().collect::<Vec<_>>().join(" ");
        // One letter would reject, or excuse, nearly every text.
        if term.chars().filter(|c| c.is_alphanumeric()).count() >= 2 {
            return Some(term);
        }
        errors.add(key, format!("{entry:?} needs two letters or more; lengthen or remove it"));
        None
    })
}

/// Returns the expression of terms with only digits between them and the bounds of their word.
fn denied_expression(terms: &[String]) -> String {
    let terms: Vec<String> = terms.iter().map(|term| term_expression(term)).collect();
    format!(r"\W[0-9]*(?:{})[0-9]*\W", terms.join("|"))
}

fn term_expression(term: &str) -> String {
    let last = term.chars().count() - 1;
    let letter = |(at, c): (usize, char)| {
        let leet = match c {
            ' ' => return r"\W*".to_owned(),
            'a' => "4@",
            'e' => "3",
            'i' => "1!",
            'l' => "1",
            'o' => "0",
            's' => "5$",
            't' => "7",
            _ => "",
        };
        // A star in a word of three letters would leave too little to recognise it.
        let star = if last >= 3 && at > 0 && at < last { "*" } else { "" };
        format!("[{}{leet}{star}]+", regex::escape(c.encode_utf8(&mut [0; 4])))
    };
    term.chars().enumerate().map(letter).collect()
}

fn allowed_expression(phrases: &[String]) -> String {
    let phrases: Vec<String> = phrases
        .iter()
        .map(|phrase| {
            let bound = |edge: Option<char>| if edge == Some('-') { "" } else { r"\b" };
            let words: Vec<String> = phrase.split(' ').map(regex::escape).collect();
            let (first, last) = (phrase.chars().next(), phrase.chars().last());
            format!("{}{}{}", bound(first), words.join(r"\W+"), bound(last))
        })
        .collect();
    phrases.join("|")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contracts::settings::build_part;
    use crate::contracts::validator::{inbound, table as settings_table};

    fn build(settings: Value) -> Result<Profanity, Vec<String>> {
        build_part(&settings_table(settings), Profanity::new).map_err(|errors| errors.lines())
    }

    fn validator(settings: Value) -> Profanity {
        build(settings).unwrap()
    }

    /// Returns the lines of a table without its comments.
    fn lines(table: &str) -> impl Iterator<Item = &str> {
        table.lines().filter(|line| !line.is_empty() && !line.starts_with("# "))
    }

    #[test]
    fn innocent_texts_pass() {
        let validator = validator(json!({}));
        let table = lines(include_str!("innocent.txt"));
        let rejected: Vec<&str> =
            table.filter(|text| validator.validate(&inbound(text)).is_err()).collect();
        assert_eq!(rejected, [""; 0]);
    }

    #[test]
    fn disguised_terms_are_rejected() {
        let validator = validator(json!({}));
        let table = lines(include_str!("evasions.txt"));
        // The table is ASCII and writes other characters as \\u{..}, so that a reader sees them.
        let passed: Vec<&str> =
            table.filter(|line| validator.validate(&inbound(&unescaped(line))).is_ok()).collect();
        assert_eq!(passed, [""; 0]);
    }

    fn unescaped(line: &str) -> String {
        let mut parts = line.split("\\u{");
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            let (code, rest) = part.split_once('}').unwrap();
            text.extend(char::from_u32(u32::from_str_radix(code, 16).unwrap()));
            text.push_str(rest);
        }
        text
    }

    #[test]
    fn shipped_terms_are_distinct_folded_and_of_three_letters_or_more() {
        let (terms, allowed) = shipped_terms();
        let distinct: HashSet<&String> = terms.iter().chain(&allowed).collect();
        assert_eq!(distinct.len(), terms.len() + allowed.len());
        assert!(terms.iter().all(|term| term.len() >= 3 && fold(term) == *term), "{terms:?}");
    }

    #[test]
    fn topic_allows_and_denies_words_and_phrases() {
        let strict = validator(json!({"deny": ["Heck", "gosh darn", "сука"]}));
        for text in ["what the h3ck", "GOSH-DARN", "gosh darn it", "ну сука", "shit"] {
            assert!(strict.validate(&inbound(text)).is_err(), "{text}");
        }
        assert!(strict.validate(&inbound("heckle")).is_ok());

        let lax = validator(json!({"allow": ["Tits", "pussy bow", "heck"], "deny": ["heck"]}));
        for text in ["t1ts", "a pussy  bow", "heck"] {
            assert!(lax.validate(&inbound(text)).is_ok(), "{text}");
        }
        assert!(lax.validate(&inbound("a pussy bow, pussy")).is_err());
    }

    #[test]
    fn every_error_in_the_settings_is_reported_at_once() {
        let errors = build(json!({"allowed": [], "deny": "x"})).err().unwrap();
        assert_eq!(errors.len(), 2);
        let errors = build(json!({"allow": ["?"], "deny": ["", "x"]}));
        assert_eq!(errors.err().unwrap().len(), 3);
    }

    #[test]
    fn rejection_does_not_quote_the_message() {
        let rejection = validator(json!({})).validate(&inbound("shit")).unwrap_err();
        assert_eq!(rejection.0, "a word on the list");
    }
}
