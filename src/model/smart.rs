//! Smart encoding: typographic characters give way to their look-alikes in the GSM alphabet, where that
//! spares a whole text the encoding of two bytes per character.

use std::borrow::Cow;

use crate::model::segment::Encoding;

/// Returns the text with its look-alikes when they make all of it GSM, and as it was otherwise. Letters
/// are never replaced, since an accent may make another word.
pub fn encoded(text: &str) -> Cow<'_, str> {
    if Encoding::of(text) == Encoding::Gsm7 {
        return Cow::Borrowed(text);
    }
    let mut replaced = String::with_capacity(text.len());
    for character in text.chars() {
        match look_alike(character) {
            Some(plain) => replaced.push_str(plain),
            None => replaced.push(character),
        }
    }
    match Encoding::of(&replaced) {
        Encoding::Gsm7 => Cow::Owned(replaced),
        Encoding::Ucs2 => Cow::Borrowed(text),
    }
}

/// Look-alike of a character that is not in the alphabet; empty for one that is not seen.
fn look_alike(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2039}' | '\u{203a}' | '`' | '\u{b4}' => "'",
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' => "-",
        '\u{2026}' => "...",
        '\u{2022}' | '\u{b7}' | '\u{2219}' => "*",
        '\u{2044}' | '\u{2215}' => "/",
        '\u{2017}' => "_",
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::model::segment::segments;

    #[rstest]
    #[case("It\u{2019}s \u{201c}here\u{201d} \u{2013} wait\u{2026}", "It's \"here\" - wait...")]
    #[case("5\u{a0}pm\u{200b}!", "5 pm!")]
    #[case("caf\u{e9}", "caf\u{e9}")]
    fn look_alikes_make_a_text_gsm(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(encoded(text), expected);
    }

    #[rstest]
    #[case("It\u{2019}s \u{1f389}")]
    #[case("f\u{ea}te \u{2026}")]
    #[case("\u{4f60}\u{597d}\u{3000}\u{2026}")]
    fn text_that_stays_outside_of_the_alphabet_keeps_its_characters(#[case] text: &str) {
        assert_eq!(encoded(text), text);
    }

    #[test]
    fn curly_quotes_no_longer_cost_a_second_segment() {
        let text = format!("{}\u{2019}", "a".repeat(100));
        assert_eq!((segments(&text), segments(&encoded(&text))), (2, 1));
    }

    proptest! {
        #[test]
        fn encoded_text_never_takes_more_segments_and_stays_as_it_is(text in "\\PC{0,400}") {
            let once = encoded(&text).into_owned();
            prop_assert!(segments(&once) <= segments(&text));
            prop_assert_eq!(encoded(&once), once.as_str());
        }
    }
}
