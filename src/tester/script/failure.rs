//! Failures of a script, and their output on a terminal.

use std::fmt;

/// One error in a script, or one expectation that was not met. It quotes the script and the
/// messages that its phones received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub script: String,
    /// Line number, from 1.
    pub line: usize,
    /// Description, of several lines at times.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", escaped(&self.script), self.line, escaped(&self.message))
    }
}

/// All failures of a script, in the order of their lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures(pub Vec<Failure>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, failure) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{failure}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failures {}

/// Escapes the characters with which a message could control a terminal or reorder its text: all
/// control characters but the line break and the tab, and the marks of bidirectional text.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '\n' | '\t' => escaped.push(c),
            '\r' => escaped.push_str("\\r"),
            _ if c.is_control() || is_bidi_mark(c) => escaped.extend(c.escape_unicode()),
            _ => escaped.push(c),
        }
        escaped
    })
}

/// The marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm.
fn is_bidi_mark(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_leaves_no_control_over_the_terminal() {
        let hostile = "a\u{1b}[2J\u{9b}2J\rb\u{7f}\u{0}\u{85}\u{202e}c\u{2067}d\u{61c}\u{200f}";
        let expected = r"a\u{1b}[2J\u{9b}2J\rb\u{7f}\u{0}\u{85}\u{202e}c\u{2067}d\u{61c}\u{200f}";
        assert_eq!(escaped(hostile), expected);
        let harmless = "two\nlines\tand é, ж, שלום, 👨‍👩‍👧";
        assert_eq!(escaped(harmless), harmless);
    }
}
