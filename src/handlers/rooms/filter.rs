//! The word filter: a forbidden phrase is replaced by an acceptable one.
//!
//! A phrase is found as a whole word or words, by what it looks like ([`Folded`]): in any case, with
//! accents, full-width or look-alike letters, invisible characters, and any blanks between its words.
//! A text that people see as another one is not a hit: letters apart (`X M L`), digits for letters
//! (`XM1`), further letters (`XMLs`). Text outside of the hits stays as it was typed, without the
//! characters that [`visible`] removes.

use std::ops::Range;

use aho_corasick::{AhoCorasick, BuildError};

use crate::model::characters::{Folded, are_joined, fold, visible};

/// Filter of the words of a topic.
pub(super) struct Filter {
    forbidden: AhoCorasick,
    acceptable: Vec<String>,
}

impl Filter {
    /// Creates a filter. Without acceptable phrases, forbidden ones are removed.
    pub(super) fn new(forbidden: &[String], acceptable: &[String]) -> Result<Self, BuildError> {
        let forbidden = forbidden.iter().map(|phrase| fold(phrase));
        let forbidden = AhoCorasick::new(forbidden.filter(|phrase| !phrase.is_empty()))?;
        Ok(Self { forbidden, acceptable: acceptable.to_vec() })
    }

    /// Returns a text as the room sees it. Each hit is replaced by a phrase of its own, at the index
    /// that `draw` returns for the number of phrases.
    pub(super) fn clean(&self, text: &str, draw: &mut dyn FnMut(usize) -> usize) -> String {
        let text = visible(text);
        let mut clean = String::with_capacity(text.len());
        let mut end = 0;
        for hit in self.hits(&text) {
            clean.push_str(&text[end..hit.start]);
            if !self.acceptable.is_empty() {
                clean.push_str(&self.acceptable[draw(self.acceptable.len())]);
            }
            end = hit.end;
        }
        clean.push_str(&text[end..]);
        clean
    }

    /// Returns whether a text holds a forbidden phrase.
    pub(super) fn is_hit(&self, text: &str) -> bool {
        !self.hits(&visible(text)).is_empty()
    }

    /// Returns the places of forbidden phrases, in order and without overlaps. Of several at one
    /// place the longest counts.
    fn hits(&self, text: &str) -> Vec<Range<usize>> {
        let folded = Folded::new(text);
        let mut hits: Vec<Range<usize>> = self
            .forbidden
            .find_overlapping_iter(&folded.text)
            .map(|hit| hit.range())
            .filter(|hit| is_whole(&folded.text, hit))
            .map(|hit| folded.source(hit))
            .collect();
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        let mut end = 0;
        hits.retain(|hit| {
            let follows = hit.start >= end;
            end = if follows { hit.end } else { end };
            follows
        });
        hits
    }
}

/// Returns whether a range of a text begins and ends with its words.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let (before, inside, after) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
    !are_joined(before.chars().next_back(), inside.chars().next())
        && !are_joined(inside.chars().next_back(), after.chars().next())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn filter(forbidden: &[&str], acceptable: &[&str]) -> Filter {
        let owned = |words: &[&str]| words.iter().copied().map(str::to_owned).collect::<Vec<_>>();
        Filter::new(&owned(forbidden), &owned(acceptable)).unwrap()
    }

    fn demo() -> Filter {
        filter(&["Enterprise Java Beans", "XML"], &["Loosely-Coupled Architecture", "JSON"])
    }

    /// Cleans a text with JSON for every hit.
    fn clean(text: &str) -> String {
        demo().clean(text, &mut |count| count - 1)
    }

    #[test]
    fn each_hit_is_replaced_by_a_draw_of_its_own() {
        let mut draws = [1, 0, 1].into_iter();
        let text = "xml, Enterprise Java\u{a0}\n Beans and XML!";
        let clean = demo().clean(text, &mut |count| {
            assert_eq!(count, 2);
            draws.next().unwrap()
        });
        assert_eq!(clean, "JSON, Loosely-Coupled Architecture and JSON!");
        assert_eq!(draws.next(), None);
    }

    #[rstest]
    #[case("XMLHttpRequest, HTMLXML, xmls, XML2")]
    #[case("Enterprise Java Beanstalk")]
    #[case("X M L, X-M-L, XM1, &#88;ML")]
    #[case("Enterprise JavaBeans")]
    #[case("")]
    fn other_words_stay_as_typed(#[case] text: &str) {
        assert_eq!(clean(text), text);
    }

    #[rstest]
    #[case("_XML_ (xml) 我喜欢XML吗", "_JSON_ (JSON) 我喜欢JSON吗")]
    #[case("É: X\u{200b}M\u{336}L\u{336}!", "É: JSON!")]
    #[case("ＸＭＬ and ХМＬ", "JSON and JSON")]
    #[case("\u{202e}LMX\u{202c}", "LMX")]
    #[case("XML\u{200d}s", "XMLs")]
    fn phrases_are_found_by_their_look(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(clean(text), expected);
    }

    #[test]
    fn longest_phrase_counts_that_is_whole() {
        let filter = filter(&["XML", "XML schema", "schema language"], &["?"]);
        let clean = |text| filter.clean(text, &mut |_| 0);
        assert_eq!(clean("an XML schema language"), "an ? language");
        assert_eq!(clean("XML schemas"), "? schemas");
    }

    #[test]
    fn phrase_of_an_unspaced_script_is_found_within_its_line() {
        let filter = filter(&["禁句", "мат"], &["..."]);
        assert_eq!(
            filter.clean("这是禁句吗, математика, МАТ", &mut |_| 0),
            "这是...吗, математика, ..."
        );
    }

    #[test]
    fn filter_without_phrases_changes_nothing() {
        assert_eq!(filter(&[], &[]).clean("XML", &mut |_| 0), "XML");
        assert_eq!(filter(&["XML"], &[]).clean("an XML!", &mut |_| 0), "an !");
    }

    /// Returns the disguises of a letter that leave its look.
    fn disguise(letter: char, choice: u8) -> String {
        let full_width = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
        match choice % 6 {
            0 => letter.to_lowercase().collect(),
            1 => full_width(letter).to_string(),
            2 => format!("{letter}\u{200b}"),
            3 => format!("\u{2066}{letter}\u{336}"),
            4 => format!("{letter}\u{ad}\u{fe0f}"),
            _ => letter.to_string(),
        }
    }

    proptest! {
        #[test]
        fn no_disguise_bypasses_the_filter(
            before in "[ .,!]{0,3}",
            choices in prop::array::uniform3(any::<u8>()),
            after in "[ .,!]{0,3}",
        ) {
            let hidden: String =
                "XML".chars().zip(choices).map(|(letter, choice)| disguise(letter, choice)).collect();
            prop_assert_eq!(clean(&format!("{before}{hidden}{after}")), format!("{before}JSON{after}"));
        }

        #[test]
        fn no_text_keeps_a_forbidden_phrase(text in "(?i)([xmlＸＭ\u{200b}\u{202e} é.-]|XML|java beans ){0,20}") {
            prop_assert!(!demo().is_hit(&clean(&text)), "{:?}", clean(&text));
        }
    }
}
