//! Refuses vulgar words, however they are spelled, and nothing that only looks like one.
//!
//! A word counts when it stands alone, never as a part of another one, so Scunthorpe may write.
//! What makes a word hard to see is undone first, in `disguise.rs`.

use std::collections::HashSet;

use regex::RegexBuilder;
use serde::Deserialize;
use serde_json::{Map, Value};
use validator::Validate;

use crate::contracts::validator::{Rejection, Validator, settings};
use crate::model::message::Inbound;

use disguise::{fold, plain};

mod disguise;

pub const NAME: &str = "profanity";
pub const DEFAULT_TEXT: &str = "You kiss your mother with that mouth? No profanity, please.";

const LIST: &str = include_str!("terms.txt");

/// Bytes that the compiled list may take: room for ours and for many terms of a topic's own.
const SIZE_LIMIT: usize = 1 << 24;

#[derive(Default, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    allow: Vec<String>,
    deny: Vec<String>,
}

/// Settings: `allow`, words and phrases that are never refused, and `deny`, more terms that are.
///
/// # Errors
/// One sentence per mistake in the settings.
pub fn build(map: &Map<String, Value>) -> Result<Box<dyn Validator>, Vec<String>> {
    let given: Settings = settings(map)?;
    let (mut terms, mut allowed) = listed();
    let mut mistakes = Vec::new();
    terms.extend(folded("deny", &given.deny, &mut mistakes));
    let excused: HashSet<String> = folded("allow", &given.allow, &mut mistakes).collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    terms.retain(|term| !excused.contains(term));
    allowed.extend(excused);
    let compile = |expression: String| {
        RegexBuilder::new(&expression).size_limit(SIZE_LIMIT).build().map_err(|_| {
            vec!["deny, allow: name fewer or shorter terms; these do not compile".to_owned()]
        })
    };
    let denied = compile(denied_expression(&terms))?;
    let allowed = compile(allowed_expression(&allowed))?;
    Ok(Box::new(move |message: &Inbound| {
        let text = plain(message.text.reveal());
        // Excuses are looked for in the few messages that need one.
        if denied.is_match(&text) && denied.is_match(&allowed.replace_all(&text, "_")) {
            return Err(Rejection("a word on the list".to_owned()));
        }
        Ok(())
    }))
}

/// The terms of our own list, with their endings, and the phrases that it excuses.
fn listed() -> (Vec<String>, Vec<String>) {
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

fn folded<'a>(
    key: &'a str,
    entries: &'a [String],
    mistakes: &'a mut Vec<String>,
) -> impl Iterator<Item = String> + 'a {
    entries.iter().filter_map(move |entry| {
        let term = fold(entry).split_whitespace().collect::<Vec<_>>().join(" ");
        // One letter would refuse, or excuse, nearly everything.
        if term.chars().filter(|c| c.is_alphanumeric()).count() >= 2 {
            return Some(term);
        }
        mistakes.push(format!("{key}: {entry:?} needs two letters or more; lengthen or remove it"));
        None
    })
}

/// A term, with nothing but digits between it and the bounds of its word.
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
        // Of three letters a star would leave too little to know the word by.
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
    use serde_json::json;

    use super::*;
    use crate::contracts::validator::{said, settings_of};

    fn validator(settings: Value) -> Box<dyn Validator> {
        build(&settings_of(settings)).unwrap()
    }

    /// The lines of a table that say something.
    fn lines(table: &str) -> impl Iterator<Item = &str> {
        table.lines().filter(|line| !line.is_empty() && !line.starts_with("# "))
    }

    #[test]
    fn nothing_innocent_is_refused() {
        let validator = validator(json!({}));
        let table = lines(include_str!("innocent.txt"));
        let refused: Vec<&str> =
            table.filter(|text| validator.validate(&said(text)).is_err()).collect();
        assert_eq!(refused, [""; 0]);
    }

    #[test]
    fn no_disguise_helps() {
        let validator = validator(json!({}));
        let table = lines(include_str!("evasions.txt"));
        // The table is ASCII but for what it writes as \\u{..}, so that a reader sees what is there.
        let passed: Vec<&str> =
            table.filter(|line| validator.validate(&said(&unescaped(line))).is_ok()).collect();
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
    fn no_listed_term_is_double_or_too_short_to_stand_alone() {
        let (terms, allowed) = listed();
        let distinct: HashSet<&String> = terms.iter().chain(&allowed).collect();
        assert_eq!(distinct.len(), terms.len() + allowed.len());
        assert!(terms.iter().all(|term| term.len() >= 3 && fold(term) == *term), "{terms:?}");
    }

    #[test]
    fn a_topic_may_allow_and_deny_words_and_phrases() {
        let strict = validator(json!({"deny": ["Heck", "gosh darn", "сука"]}));
        for text in ["what the h3ck", "GOSH-DARN", "gosh darn it", "ну сука", "shit"] {
            assert!(strict.validate(&said(text)).is_err(), "{text}");
        }
        assert!(strict.validate(&said("heckle")).is_ok());

        let lax = validator(json!({"allow": ["Tits", "pussy bow", "heck"], "deny": ["heck"]}));
        for text in ["t1ts", "a pussy  bow", "heck"] {
            assert!(lax.validate(&said(text)).is_ok(), "{text}");
        }
        assert!(lax.validate(&said("a pussy bow, pussy")).is_err());
    }

    #[test]
    fn every_mistake_in_the_settings_is_named_at_once() {
        let mistakes = build(&settings_of(json!({"allowed": [], "deny": "x"}))).err().unwrap();
        assert_eq!(mistakes.len(), 2);
        let mistakes = build(&settings_of(json!({"allow": ["?"], "deny": ["", "x"]})));
        assert_eq!(mistakes.err().unwrap().len(), 3);
    }

    #[test]
    fn the_reason_quotes_nothing_of_the_message() {
        let rejection = validator(json!({})).validate(&said("shit")).unwrap_err();
        assert_eq!(rejection.0, "a word on the list");
    }
}
