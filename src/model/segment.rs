//! Lengths of texts: what fits into one message, and how many segments a message costs.
//!
//! The alphabet is the default one of GSM 03.38 with its extension table; whatever is outside of
//! both makes the whole message UCS-2.

use unicode_segmentation::UnicodeSegmentation;

/// The 127 characters of the default alphabet (GSM 03.38, section 6.2.1), a septet each. Its 128th
/// place is the escape into the extension table, which is no character.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension table (section 6.2.1.1): an escape and a septet each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a provider writes a message down for the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Gsm7,
    Ucs2,
}

impl Encoding {
    /// The cheapest encoding that holds every character of `text`.
    pub fn of(text: &str) -> Self {
        if text.chars().all(|c| septets(c).is_some()) { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// Septets or UTF-16 units that a character takes.
    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 => septets(c).unwrap_or_default(),
            Self::Ucs2 => c.len_utf16(),
        }
    }

    /// What a message of one segment holds, and what each segment of a longer one does: 140 bytes,
    /// less the six of the header that joins them.
    fn room(self) -> (usize, usize) {
        match self {
            Self::Gsm7 => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }
}

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    pub encoding: Encoding,
    /// What it is billed and throttled by. An empty message is one segment too.
    pub segments: usize,
    /// Septets or UTF-16 units that the last segment has room for.
    pub left: usize,
}

pub fn measure(text: &str) -> Measure {
    let encoding = Encoding::of(text);
    let (single, joined) = encoding.room();
    let units = || text.chars().map(|c| encoding.units(c));
    let all = units().sum::<usize>();
    if all <= single {
        return Measure { encoding, segments: 1, left: single - all };
    }
    // An escape is never parted from its septet, nor a surrogate from its other half, so a segment
    // may end a unit early.
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

/// The segments that a text is billed and throttled by.
pub fn segments(text: &str) -> usize {
    measure(text).segments
}

/// Cuts a text into parts that each start with `prefix` and are `limit` characters at most, which
/// must be more than the prefix has. Parts end at white space where there is any; a word that no
/// part has room for is cut between graphemes. Without their prefixes the parts are the text.
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

/// Where the part that `text` starts with ends, in bytes. `text` is longer than the room.
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
        // One grapheme alone outgrows the room: combining marks have no limit.
        text.char_indices().nth(room).map_or(text.len(), |(index, _)| index)
    }
}

fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
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
    fn the_alphabet_is_complete_and_holds_nothing_twice() {
        let mut all: Vec<char> = BASIC.chars().chain(EXTENSION.chars()).collect();
        assert_eq!(all.len(), 127 + 10);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 127 + 10);
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
    fn a_text_costs_the_segments_of_its_encoding(
        #[case] text: &str,
        #[case] encoding: Encoding,
        #[case] count: usize,
    ) {
        assert_eq!(Encoding::of(text), encoding);
        assert_eq!(segments(text), count);
    }

    #[test]
    fn a_pair_of_units_is_never_parted_by_the_end_of_a_segment() {
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
    fn a_text_is_cut_where_a_reader_would_cut_it(
        #[case] text: &str,
        #[case] prefix: &str,
        #[case] limit: usize,
        #[case] parts: &[&str],
    ) {
        assert_eq!(split(text, prefix, limit), parts);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_part_fits(
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
        fn a_word_that_a_part_has_room_for_stays_whole(
            words in prop::collection::vec("[a-z]{1,8}", 1..20),
            room in 8usize..30,
        ) {
            let parts = split(&words.join(" "), "", room);
            let kept: Vec<&str> = parts.iter().flat_map(|part| part.split_whitespace()).collect();
            prop_assert_eq!(kept, words);
        }
    }
}
