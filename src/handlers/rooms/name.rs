//! Nick names: plain text of one line, unique in the room.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::model::characters::{fold, is_blank, visible};

/// Maximum length of a name in graphemes, as people count characters.
const MAX_GRAPHEMES: usize = 32;
/// Maximum length in code points, since a grapheme has no limit of marks.
const MAX_CHARS: usize = 128;

/// Returns a name as the room will show it, or `None` when nothing of it would be seen: composed
/// (NFKC), without invisible characters and controls of the direction, with single blanks, and cut
/// after 32 graphemes. Markup in it stays plain text. A colon, or what looks like one, would end the
/// name before its end on a phone, as in `Ann: hello. Bob`, and is a blank.
pub(super) fn tidy(wanted: &str) -> Option<String> {
    let composed: String = visible(wanted).nfkc().collect();
    let words = composed
        .split(|c| is_blank(c) || fold(c.encode_utf8(&mut [0; 4])) == ":")
        .filter(|word| !word.is_empty());
    let name = cut(&words.collect::<Vec<_>>().join(" "), MAX_GRAPHEMES);
    (!fold(&name).is_empty()).then_some(name)
}

/// Returns a name that looks like none of those taken: the wanted one, with a number after it when it
/// must, or else `guest` and a number.
pub(super) fn unique(wanted: Option<&str>, guest: &str, taken: &[&str]) -> String {
    let taken: Vec<String> = taken.iter().map(|name| fold(name)).collect();
    let is_free = |name: &String| !taken.contains(&fold(name));
    let numbered = |base: &str, number: usize| {
        let suffix = format!(" {number}");
        cut(base, MAX_GRAPHEMES - suffix.len()) + &suffix
    };
    // One number more than there are names is free.
    let mut candidates: Box<dyn Iterator<Item = String>> = match wanted {
        Some(name) => {
            let first = std::iter::once(name.to_owned());
            Box::new(first.chain((2..=taken.len() + 2).map(|number| numbered(name, number))))
        }
        None => Box::new((1..=taken.len() + 1).map(|number| numbered(guest, number))),
    };
    candidates.find(is_free).unwrap_or_else(|| guest.to_owned())
}

/// Returns whether two names look alike, so that one stands for the other.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    fold(one) == fold(other)
}

/// Returns the beginning of a name, without a blank at its end.
fn cut(name: &str, graphemes: usize) -> String {
    let mut chars = 0;
    let fits = |grapheme: &&str| {
        chars += grapheme.chars().count();
        chars <= MAX_CHARS
    };
    let name: String = name.graphemes(true).take(graphemes).take_while(fits).collect();
    name.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("  Ann \n\t Lee ", "Ann Lee")]
    #[case("\u{202e}nnA\u{2069}", "nnA")]
    #[case("Ａｎｎ", "Ann")]
    #[case("<b>Ann</b> & co", "<b>Ann</b> & co")]
    #[case("👩\u{200d}👧 Zoë", "👩\u{200d}👧 Zoë")]
    #[case("a\u{2800}\u{3164}b", "a b")]
    #[case("Ann: bye.\u{2028}Bob", "Ann bye. Bob")]
    #[case("Ann：bye∶ Bob꞉", "Ann bye Bob")]
    fn name_is_one_plain_line(#[case] wanted: &str, #[case] shown: &str) {
        assert_eq!(tidy(wanted).as_deref(), Some(shown));
    }

    #[rstest]
    #[case("")]
    #[case(" \u{a0}\n")]
    #[case("\u{200b}\u{200d}\u{2062}\u{fe0f}")]
    #[case("\u{301}\u{302}")]
    #[case("\u{2800}\u{3164}")]
    fn invisible_name_is_none(#[case] wanted: &str) {
        assert_eq!(tidy(wanted), None);
    }

    #[test]
    fn long_name_is_cut_between_graphemes() {
        assert_eq!(tidy(&"é".repeat(40)).unwrap(), "é".repeat(32));
        assert_eq!(tidy(&format!("{} b", "a".repeat(31))).unwrap(), "a".repeat(31));
        assert_eq!(tidy(&"👩\u{200d}👧".repeat(99)).unwrap(), "👩\u{200d}👧".repeat(32));
        let stacked = tidy(&format!("a{}", "\u{336}".repeat(200)));
        assert_eq!(stacked, None, "one grapheme over the limit leaves nothing");
    }

    #[rstest]
    #[case(Some("Ann"), &["Bob"], "Ann")]
    #[case(Some("Ann"), &["ANN"], "Ann 2")]
    #[case(Some("Ann"), &["ann", "Ann 2", "Ann 3"], "Ann 4")]
    #[case(Some("Аnn"), &["Ann"], "Аnn 2")]
    #[case(Some("Guest 1"), &["Guest 1"], "Guest 1 2")]
    #[case(None, &[], "Guest 1")]
    #[case(None, &["Guest 1", "guest 2"], "Guest 3")]
    fn taken_name_gets_a_number(
        #[case] wanted: Option<&str>,
        #[case] taken: &[&str],
        #[case] expected: &str,
    ) {
        assert_eq!(unique(wanted, "Guest", taken), expected);
    }

    #[test]
    fn number_fits_into_the_longest_name() {
        let long = "x".repeat(32);
        let second = unique(Some(&long), "Guest", &[&long]);
        assert_eq!(second, format!("{} 2", "x".repeat(30)));
    }

    proptest! {
        #[test]
        fn names_of_a_room_are_distinct_and_short(
            wanted in prop::collection::vec("([AaÄ\u{200b}\u{336}１1 2]|\\PC){0,40}", 1..20),
        ) {
            let mut names: Vec<String> = Vec::new();
            for wanted in &wanted {
                let taken: Vec<&str> = names.iter().map(String::as_str).collect();
                let name = unique(tidy(wanted).as_deref(), "Guest", &taken);
                prop_assert!(!names.iter().any(|other| is_same(other, &name)), "{name:?}");
                prop_assert!(name.graphemes(true).count() <= MAX_GRAPHEMES);
                prop_assert!(name.chars().count() <= MAX_CHARS && !fold(&name).is_empty());
                names.push(name);
            }
        }
    }
}
