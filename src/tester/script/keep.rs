//! Names that a script keeps for later lines, such as random codes.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::action::{Action, Line, SocketAction};

/// Use of a name in a text.
static USE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$([A-Z][A-Z0-9_]*)").expect("the pattern is fixed"));

/// Kept names of a running script, with their values.
#[derive(Default)]
pub(super) struct KeptNames(HashMap<String, String>);

impl KeptNames {
    /// Keeps what the first group of the pattern, or else all of it, finds in the first of these
    /// texts that it matches. Returns whether there was one.
    pub(super) fn keep(&mut self, name: &str, pattern: &Regex, texts: &[String]) -> bool {
        let found = texts.iter().find_map(|text| pattern.captures(text));
        let value =
            found.and_then(|found| found.get(1).or(found.get(0)).map(|m| m.as_str().into()));
        value.map(|value| self.0.insert(name.to_owned(), value)).is_some()
    }

    /// Replaces each `$NAME` that was kept.
    pub(super) fn replace(&self, text: &str) -> String {
        let value =
            |found: &Captures<'_>| self.0.get(&found[1]).unwrap_or(&found[0].into()).clone();
        USE.replace_all(text, value).into_owned()
    }
}

/// Returns whether a line is a `keep` rather than a message: its pattern may hold `<` and `>`.
pub(super) fn is_keep(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("keep") && words.next().is_some_and(is_name) && words.next().is_some()
}

pub(super) fn parse_keep(name: &str, pattern: &str) -> Result<Action, String> {
    if !is_name(name) {
        return Err(format!("{name:?} is no name; write capital letters and digits, such as CODE"));
    }
    let pattern = Regex::new(pattern).map_err(|error| {
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("{pattern:?} is no regular expression ({reason}); write one such as ([A-Z0-9]+)")
    })?;
    Ok(Action::Keep { name: name.to_owned(), pattern })
}

fn is_name(word: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_uppercase();
    word.starts_with(is_letter)
        && word.chars().all(|c| is_letter(c) || c.is_ascii_digit() || c == '_')
}

/// Returns an error for each line that uses a name above the line that keeps it.
pub(super) fn check_order(lines: &[Line]) -> Vec<(usize, String)> {
    let mut kept_at: BTreeMap<&str, usize> = BTreeMap::new();
    for Line { number, action } in lines {
        if let Action::Keep { name, .. } = action {
            kept_at.entry(name).or_insert(*number);
        }
    }
    let mut errors = Vec::new();
    for Line { number, action } in lines {
        let names = USE.captures_iter(text_of(action)).filter_map(|found| found.get(1));
        let early = names.filter_map(|name| kept_at.get_key_value(name.as_str()));
        for (name, at) in early.filter(|(_, at)| *at > number) {
            let fix = format!("move the line keep {name} above this one");
            errors.push((*number, format!("${name} is kept below, on line {at}; {fix}")));
        }
    }
    errors
}

/// Returns the text of a line in which names are replaced.
fn text_of(action: &Action) -> &str {
    match action {
        Action::Send { text, .. } | Action::Expect { text, .. } => text,
        Action::Socket { action: SocketAction::Open(hello), .. } => hello,
        _ => "",
    }
}
