//! Characters that are removed from a text, and the form in which two texts that look alike are equal.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::skeleton;

/// Returns a text without the characters that could hide or reorder what people see: control
/// characters, controls of the direction (UAX #9), zero-width spaces, soft hyphens. A line break of
/// whatever kind is a line feed. Joiners and tags stay behind what they can join, because emoji and
/// several scripts need them, and variation selectors everywhere.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut base = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                shown.push('\n');
                base = '\n';
            }
            '\t' => {
                shown.push(' ');
                base = ' ';
            }
            '\u{200c}' | '\u{200d}' if base.is_ascii() => {}
            // The flags of England, Scotland and Wales are a black flag and tags.
            '\u{e0020}'..='\u{e007f}' if base != '🏴' => {}
            '\u{200c}' | '\u{200d}' | '\u{e0020}'..='\u{e007f}' => shown.push(c),
            c if is_removed(c) => {}
            c => {
                shown.push(c);
                base = c;
            }
        }
    }
    shown
}

fn is_removed(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0001}')
}

/// Returns whether a character is shown as a gap between words.
pub fn is_blank(c: char) -> bool {
    // The Hangul fillers and the empty Braille pattern are letters and symbols to Unicode.
    c.is_whitespace() || matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}')
}

/// A text in the form that is compared, with the place in its source that each byte came from.
///
/// Texts that look alike are equal in it: case, accents and other diacritics, full-width and other
/// compatibility forms (NFKD), invisible characters, letters of other alphabets that look like ASCII
/// ones (UTS #39), and the number of blanks make no difference.
pub struct Folded {
    pub text: String,
    sources: Vec<Range<usize>>,
}

impl Folded {
    /// Folds a text.
    pub fn new(source: &str) -> Self {
        Self::by(source, fold_into)
    }

    /// Folds a text, with the digits of every script as ASCII ones. One without a known value is a zero.
    pub fn with_digits(source: &str) -> Self {
        Self::by(source, |c, folded| {
            if c.is_ascii() || !c.is_numeric() {
                return fold_into(c, folded);
            }
            let before = folded.len();
            folded.extend(std::iter::once(c).nfkd().filter(char::is_ascii_digit));
            if folded.len() == before {
                folded.push('0');
            }
        })
    }

    fn by(source: &str, fold_into: impl Fn(char, &mut String)) -> Self {
        let mut folded = Self { text: String::with_capacity(source.len()), sources: Vec::new() };
        for (start, c) in source.char_indices() {
            let range = start..start + c.len_utf8();
            let before = folded.text.len();
            if is_blank(c) {
                let follows_blank = folded.text.ends_with(' ');
                folded.text.push_str(if follows_blank { "" } else { " " });
            } else {
                fold_into(c, &mut folded.text);
            }
            folded.sources.resize(folded.text.len(), range.clone());
            // What is not compared belongs to the character that it is shown on.
            if folded.text.len() == before
                && let Some(last) = folded.sources.last_mut()
            {
                last.end = range.end;
            }
        }
        folded
    }

    /// Returns the range of the source that a range of the folded text, which is not empty, came from.
    pub fn source(&self, range: Range<usize>) -> Range<usize> {
        self.sources[range.start].start..self.sources[range.end - 1].end
    }
}

/// Returns the folded form of a text, without blanks at its ends.
pub fn fold(text: &str) -> String {
    Folded::new(text).text.trim().to_owned()
}

fn fold_into(c: char, folded: &mut String) {
    if c.is_ascii() {
        folded.push(c.to_ascii_lowercase());
        return;
    }
    for part in std::iter::once(c).nfkd().filter(|&part| !is_diacritic(part)) {
        match look_alike(part) {
            Some(ascii) => folded.push_str(&ascii),
            None => folded.extend(part.to_lowercase().filter(|&c| !is_ignored(c))),
        }
    }
}

/// Returns the ASCII characters, in lower case, that a character looks like in either case.
fn look_alike(c: char) -> Option<String> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase().to_string());
    }
    let looks = |shown: String| {
        let shape: String = skeleton(&shown).filter(|&c| !is_diacritic(c)).collect();
        (!shape.is_empty() && shape.is_ascii()).then(|| shape.to_ascii_lowercase())
    };
    let found = looks(c.to_string())
        .or_else(|| looks(c.to_lowercase().collect()))
        .or_else(|| looks(c.to_uppercase().collect()))?;
    // UTS #39 has one shape for I and l.
    if c.is_uppercase() && found == "l" { Some("i".to_owned()) } else { Some(found) }
}

fn is_ignored(c: char) -> bool {
    // The skeleton leaves out the default-ignorable code points.
    is_removed(c) || skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

/// Returns whether a character is a mark of the blocks of combining diacritical marks. The vowel signs
/// of other scripts make other words.
fn is_diacritic(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Returns whether two neighbours belong to one word: both are letters, digits or their marks, and
/// neither is of a script that writes words without blanks between them.
pub fn are_joined(one: Option<char>, other: Option<char>) -> bool {
    let in_word = |c: char| (c.is_alphanumeric() || is_combining_mark(c)) && !is_unspaced(c);
    one.is_some_and(in_word) && other.is_some_and(in_word)
}

fn is_unspaced(c: char) -> bool {
    // Thai and Lao, Myanmar, Khmer, kana, Han.
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::full_width("ＸＭＬ")]
    #[case::mathematical("𝐗𝕸𝓛")]
    #[case::circled("ⓧⓜⓛ")]
    #[case::accents("Ẍ\u{301}ḾĽ")]
    #[case::strike_through("X\u{336}M\u{336}L\u{336}")]
    #[case::invisible("\u{feff}x\u{200b}\u{ad}m\u{200d}\u{fe0f}l\u{2060}")]
    #[case::cyrillic("ХМL")]
    #[case::cyrillic_lower("хмl")]
    #[case::greek("ΧΜL")]
    fn disguised_letters_fold_to_what_they_look_like(#[case] text: &str) {
        assert_eq!(fold(text), "xml");
    }

    #[rstest]
    #[case("Straße", "straße")]
    #[case("Ørsted  łódź", "orsted lodz")]
    #[case("ІНФО", "ihфo")]
    #[case("हिन्दी", "हिन्दी")]
    #[case("\u{3164}a\u{2800}\u{a0}\n b", "a b")]
    fn letters_fold_within_their_language(#[case] text: &str, #[case] folded: &str) {
        assert_eq!(fold(text), fold(folded));
    }

    #[test]
    fn controls_and_directions_are_removed_and_emoji_stay() {
        let family = "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f} é\u{301}";
        assert_eq!(visible(family), family);
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{7}d\r\ne\tf\u{200f}\u{61c}g"), "abcd\ne fg");
    }

    proptest! {
        #[test]
        fn every_range_of_a_folded_text_has_its_source(text in any::<String>()) {
            let folded = Folded::new(&text);
            prop_assert_eq!(folded.text.len(), folded.sources.len());
            for (at, c) in folded.text.char_indices() {
                let source = folded.source(at..at + c.len_utf8());
                prop_assert!(text.get(source).is_some_and(|source| !source.is_empty()));
            }
            prop_assert!(visible(&text).chars().all(|c| c == '\n' || !is_removed(c)));
        }
    }
}
