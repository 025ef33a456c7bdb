//! Segments of a text message, and splitting of a long text.
//!
//! The alphabet is the default one of GSM 03.38 with its extension table. One character outside of both
//! makes the whole message UCS-2.

use unicode_segmentation::UnicodeSegmentation;

/// Characters of the default alphabet (GSM 03.38, section 6.2.1), a septet each. There are 127, since
/// the 128th place is the escape into the extension table.
pub(super) const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Characters of the extension table (section 6.2.1.1), two septets each.
pub(super) const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Encoding of a message on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Gsm7,
    Ucs2,
}

impl Encoding {
    /// Smallest encoding that holds every character of `text`.
    pub fn of(text: &str) -> Self {
        if text.chars().all(|c| septets(c).is_some()) { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// Size of a character in septets or UTF-16 units.
    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 => septets(c).unwrap_or_default(),
            Self::Ucs2 => c.len_utf16(),
        }
    }

    /// Capacity of a single segment, and of each segment of a longer message: 140 bytes, less the six
    /// of the header that joins the segments.
    fn capacity(self) -> (usize, usize) {
        match self {
            Self::Gsm7 => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }
}

/// Length of a text in segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    pub encoding: Encoding,
    /// Unit of billing and rate limits. An empty message is one segment too.
    pub segments: usize,
    /// Septets or UTF-16 units that are free in the last segment.
    pub left: usize,
}

/// Measures a text in the smallest encoding that holds it.
pub fn measure(text: &str) -> Measure {
    let encoding = Encoding::of(text);
    let (single, joined) = encoding.capacity();
    let units = || text.chars().map(|c| encoding.units(c));
    let all = units().sum::<usize>();
    if all <= single {
        return Measure { encoding, segments: 1, left: single - all };
    }
    // An escape stays with its septet and a surrogate with its pair, so a segment may end a unit early.
    let (mut full, mut used) = (0, 0);
    for unit in units() {
        if used + unit > joined {
            full += 1;
            used = 0;
        }
        used += unit;
    }
    Measure { encoding, segments: full + 1, left: joined - used }
}

/// Number of segments of a text.
pub fn segments(text: &str) -> usize {
    measure(text).segments
}

/// Splits a text into parts that start with `prefix` and have at most `limit` characters, which must
/// exceed the length of the prefix. Parts end at white space where there is any; a word that is longer
/// than a part is split between graphemes. The parts without their prefixes are the text.
pub fn split(text: &str, prefix: &str, limit: usize) -> Vec<String> {
    let room = limit.saturating_sub(prefix.chars().count()).max(1);
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.chars().nth(room).is_some() {
        let (part, tail) = rest.split_at(end_of_part(rest, room));
        parts.push(format!("{prefix}{part}"));
        rest = tail;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(format!("{prefix}{rest}"));
    }
    parts
}

/// Byte at which the first part of `text` ends. `text` is longer than `room` characters.
fn end_of_part(text: &str, room: usize) -> usize {
    let (mut characters, mut end, mut end_of_word) = (0, 0, 0);
    for grapheme in text.graphemes(true) {
        let blank = grapheme.chars().all(char::is_whitespace);
        characters += grapheme.chars().count();
        if characters > room {
            if blank {
                end_of_word = end;
            }
            break;
        }
        end += grapheme.len();
        if blank {
            end_of_word = end;
        }
    }
    if end_of_word > 0 {
        end_of_word
    } else if end > 0 {
        end
    } else {
        // A single grapheme may be longer than a part, since combining marks have no limit.
        text.char_indices().nth(room).map_or(text.len(), |(index, _)| index)
    }
}

/// Septets of each ASCII character, which most texts consist of; 0 for one outside of the alphabet.
const ASCII: [u8; 128] = {
    let mut septets = [0; 128];
    let tables = [(BASIC.as_bytes(), 1), (EXTENSION.as_bytes(), 2)];
    let mut table = 0;
    while table < tables.len() {
        let (bytes, size) = tables[table];
        let mut place = 0;
        while place < bytes.len() {
            if bytes[place].is_ascii() {
                septets[bytes[place] as usize] = size;
            }
            place += 1;
        }
        table += 1;
    }
    septets
};

fn septets(c: char) -> Option<usize> {
    if let Some(&size) = ASCII.get(c as usize) {
        (size > 0).then_some(size.into())
    } else if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn alphabet_is_complete_and_without_duplicates() {
        let mut all: Vec<char> = BASIC.chars().chain(EXTENSION.chars()).collect();
        assert_eq!(all.len(), 127 + 10);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 127 + 10);
    }

    #[test]
    fn every_ascii_character_has_the_septets_of_its_table() {
        for c in (0..128).map(char::from) {
            let expected = match (BASIC.contains(c), EXTENSION.contains(c)) {
                (true, _) => Some(1),
                (false, true) => Some(2),
                (false, false) => None,
            };
            assert_eq!(septets(c), expected, "{c:?}");
        }
    }

    #[rstest]
    #[case("", Encoding::Gsm7, 1)]
    #[case("café", Encoding::Gsm7, 1)]
    #[case("fête", Encoding::Ucs2, 1)]
    #[case("it\u{2019}s", Encoding::Ucs2, 1)]
    #[case(&"a".repeat(160), Encoding::Gsm7, 1)]
    #[case(&"a".repeat(161), Encoding::Gsm7, 2)]
    #[case(&"a".repeat(306), Encoding::Gsm7, 2)]
    #[case(&"a".repeat(307), Encoding::Gsm7, 3)]
    #[case(&"€".repeat(80), Encoding::Gsm7, 1)]
    #[case(&"€".repeat(81), Encoding::Gsm7, 2)]
    #[case(&"ê".repeat(70), Encoding::Ucs2, 1)]
    #[case(&"ê".repeat(71), Encoding::Ucs2, 2)]
    #[case(&"ê".repeat(135), Encoding::Ucs2, 3)]
    #[case(&"🎲".repeat(35), Encoding::Ucs2, 1)]
    #[case(&"🎲".repeat(36), Encoding::Ucs2, 2)]
    fn segments_follow_from_the_encoding(
        #[case] text: &str,
        #[case] encoding: Encoding,
        #[case] count: usize,
    ) {
        assert_eq!(Encoding::of(text), encoding);
        assert_eq!(segments(text), count);
    }

    #[test]
    fn segment_never_ends_within_a_pair_of_units() {
        // 153 is odd: each segment of euro signs holds 76 of them and a septet of air.
        assert_eq!(segments(&"€".repeat(152)), 2);
        assert_eq!(segments(&"€".repeat(153)), 3);
        assert_eq!(segments(&"🎲".repeat(66)), 2);
        assert_eq!(segments(&"🎲".repeat(67)), 3);
    }

    #[rstest]
    #[case("", "> ", 5, &["> "])]
    #[case("abc", "> ", 5, &["> abc"])]
    #[case("abc def", "> ", 5, &["> abc", ">  ", "> def"])]
    #[case("one two three", "", 8, &["one two ", "three"])]
    #[case("one two three", "", 7, &["one two", " three"])]
    #[case("abcdefg", "> ", 5, &["> abc", "> def", "> g"])]
    #[case("ae\u{301}e\u{301}", "", 2, &["a", "e\u{301}", "e\u{301}"])]
    #[case("e\u{301}\u{301}", "", 2, &["e\u{301}", "\u{301}"])]
    fn text_is_split_at_white_space_or_between_graphemes(
        #[case] text: &str,
        #[case] prefix: &str,
        #[case] limit: usize,
        #[case] parts: &[&str],
    ) {
        assert_eq!(split(text, prefix, limit), parts);
    }

    proptest! {
        #[test]
        fn split_loses_nothing_and_every_part_fits(
            text in "[a-z \n\u{301}é🎲]{0,80}|\\PC{0,80}",
            prefix in "[a-z]{0,4}",
            room in 1usize..20,
        ) {
            let limit = prefix.chars().count() + room;
            let parts = split(&text, &prefix, limit);
            prop_assert!(parts.iter().all(|part| part.chars().count() <= limit));
            let said: Vec<&str> =
                parts.iter().map(|part| part.strip_prefix(prefix.as_str()).unwrap()).collect();
            prop_assert_eq!(said.concat(), text);
            prop_assert!(said.len() == 1 || said.iter().all(|part| !part.is_empty()));
        }

        #[test]
        fn word_that_fits_into_a_part_is_not_split(
            words in prop::collection::vec("[a-z]{1,8}", 1..20),
            room in 8usize..30,
        ) {
            let parts = split(&words.join(" "), "", room);
            let kept: Vec<&str> = parts.iter().flat_map(|part| part.split_whitespace()).collect();
            prop_assert_eq!(kept, words);
        }
    }
}
