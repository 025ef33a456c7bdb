//! Texts of one person that another one gets to see: without hidden characters, and with a prefix on
//! every line, so that no line of them looks like one of ours.

use serde::{Deserialize, Serialize};

use super::characters::{fold, is_blank, visible};
use super::segment;

/// Treatment of line breaks in a text of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineBreaks {
    /// Every line gets the prefix.
    #[default]
    Prefix,
    /// Each line break becomes a blank.
    Collapse,
}

/// Returns a text as others may see it: without characters that hide or reorder anything, without
/// lines in which nothing is seen, and with single blanks, since many of them look like the end of a
/// line on a small display. Nothing is left of a text in which nothing is seen.
pub fn sanitized(text: &str, breaks: LineBreaks) -> String {
    let text = visible(text);
    let lines = text.split('\n').map(with_single_blanks).filter(|line| is_seen(line));
    let lines: Vec<String> = lines.collect();
    lines.join(match breaks {
        LineBreaks::Prefix => "\n",
        LineBreaks::Collapse => " ",
    })
}

/// Returns a text in parts of at most `limit` characters, which must exceed the length of the prefix.
/// Every line of every part begins with the prefix.
pub fn parts(text: &str, prefix: &str, limit: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let lines = text.split('\n').flat_map(|line| segment::split(line, prefix, limit));
    for line in lines {
        match parts.last_mut() {
            Some(part) if part.chars().count() + 1 + line.chars().count() <= limit => {
                part.push('\n');
                part.push_str(&line);
            }
            _ => parts.push(line),
        }
    }
    parts
}

fn with_single_blanks(line: &str) -> String {
    line.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_seen(line: &str) -> bool {
    line.chars().any(|c| c.is_ascii_graphic()) || !fold(line).is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Hi!\r\nYour peer disconnected.", "Hi!\nYour peer disconnected.")]
    #[case("a\rb\u{b}c\u{c}d\u{85}e\u{2028}f\u{2029}g", "a\nb\nc\nd\ne\nf\ng")]
    #[case("\n\na\n \u{200b}\n\u{3164}\nb\n", "a\nb")]
    #[case("a              b\t\u{2800}\u{a0} c ", "a b c")]
    #[case("\u{202e}detcennocsid\u{202c} \u{2067}x\u{2069}\u{200f}", "detcennocsid x")]
    #[case("\u{7}\u{1b}[2Ja\u{0}", "[2Ja")]
    #[case(
        "é\u{301} 👩\u{200d}👧 ❤\u{fe0f} नमस्\u{200d}ते",
        "é\u{301} 👩\u{200d}👧 ❤\u{fe0f} नमस्\u{200d}ते"
    )]
    fn text_keeps_what_is_seen_of_it(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(sanitized(text, LineBreaks::Prefix), expected);
        assert_eq!(sanitized(text, LineBreaks::Collapse), expected.replace('\n', " "));
    }

    #[rstest]
    #[case("")]
    #[case(" \n\t\r\n")]
    #[case("\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}")]
    #[case("\u{202e}\u{2066}\u{fe0f}\u{301}")]
    #[case("\u{2800}\u{3164}\u{115f}")]
    #[case("\u{e0041}\u{e0042}")]
    fn nothing_is_left_of_an_invisible_text(#[case] text: &str) {
        assert_eq!(sanitized(text, LineBreaks::Prefix), "");
    }

    #[rstest]
    #[case("a\nb", 9, &["> a\n> b"])]
    #[case("a\nb", 6, &["> a", "> b"])]
    #[case("ab cd\ne", 5, &["> ab ", "> cd", "> e"])]
    fn every_line_of_every_part_has_the_prefix(
        #[case] text: &str,
        #[case] limit: usize,
        #[case] expected: &[&str],
    ) {
        assert_eq!(parts(text, "> ", limit), expected);
    }

    proptest! {
        #[test]
        fn no_line_of_a_relayed_text_is_without_its_prefix(
            text in "([a-c \n\r\u{85}\u{2028}\u{c}]|\\PC){0,60}|.{0,60}",
            room in 1usize..20,
        ) {
            let clean = sanitized(&text, LineBreaks::Prefix);
            let limit = "Stranger: ".len() + room;
            let parts = parts(&clean, "Stranger: ", limit);
            let mut said = String::new();
            for part in &parts {
                prop_assert!(part.chars().count() <= limit);
                for line in part.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
                    said += line.strip_prefix("Stranger: ").expect("every line has the prefix");
                }
            }
            prop_assert_eq!(said, clean.replace('\n', ""));
            prop_assert_eq!(sanitized(&clean, LineBreaks::Prefix), clean.clone());
            prop_assert!(!sanitized(&text, LineBreaks::Collapse).contains('\n'));
        }
    }
}
