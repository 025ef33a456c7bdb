//! Character sets of texts, in both directions.
//!
//! Kannel names the charset of an inbound text by the escape `%C` and its coding by `%c` (user guide
//! 1.4.5, "Parameters (Escape Codes)"): `UTF-8`, or `GSM` in older versions, for coding 0, `8-BIT` or
//! `binary` for coding 1, and `UTF-16BE` for coding 2.

use encoding_rs::{Encoding as Charset, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::model::gsm;
use crate::model::segment::Encoding;

/// Longest name of a charset that is looked up.
const MAX_NAME: usize = 40;

/// Text of an inbound message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub text: String,
    /// Problem because of which the text may not be what was written.
    pub problem: Option<Problem>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    UnknownCharset,
    Replaced,
}

impl Problem {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::UnknownCharset => "unknown charset",
            Self::Replaced => "replaced characters",
        }
    }
}

/// Decodes a text by its charset, or by its coding when no charset is named. Everything that has no
/// character becomes U+FFFD, and a NUL too, so that a message is never refused for its encoding.
pub(super) fn decode(bytes: &[u8], charset: &str, coding: &str) -> Decoded {
    let (text, is_known) = match decoded(bytes, charset, coding) {
        Some(text) => (text, true),
        None => (String::from_utf8_lossy(bytes).into_owned(), false),
    };
    let text = text.replace('\0', "\u{fffd}");
    let problem = if !is_known {
        Some(Problem::UnknownCharset)
    } else if text.contains(char::REPLACEMENT_CHARACTER) {
        Some(Problem::Replaced)
    } else {
        None
    };
    Decoded { text, problem }
}

/// Text in a known charset.
fn decoded(bytes: &[u8], charset: &str, coding: &str) -> Option<String> {
    let name =
        if charset.len() <= MAX_NAME { charset.trim().to_ascii_uppercase() } else { "?".into() };
    let charset = match (name.as_str(), coding) {
        ("", "2") | ("UTF-16BE" | "UCS-2BE", _) => UTF_16BE,
        ("UTF-16LE" | "UCS-2LE", _) => UTF_16LE,
        ("UTF-16" | "UTF16" | "UCS-2" | "UCS2" | "ISO-10646-UCS-2", _) => utf_16(bytes),
        ("", "1") | ("8-BIT" | "BINARY", _) => octets(bytes),
        ("GSM" | "GSM7" | "GSM-7" | "GSM0338" | "GSM-03.38", _) => return Some(gsm::decode(bytes)),
        ("", _) => UTF_8,
        (name, _) => Charset::for_label_no_replacement(name.as_bytes())?,
    };
    Some(charset.decode_with_bom_removal(bytes).0.into_owned())
}

/// UTF-16 of the byte order that its mark names; big-endian without a mark (RFC 2781, section 4.3).
fn utf_16(bytes: &[u8]) -> &'static Charset {
    if bytes.starts_with(&[0xff, 0xfe]) { UTF_16LE } else { UTF_16BE }
}

/// Charset of octets that are said to be binary: UTF-8 if they are that, and else Windows-1252, in
/// which every octet has a character.
fn octets(bytes: &[u8]) -> &'static Charset {
    if str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 }
}

/// Text in the form of a `sendsms` request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Encoded {
    pub bytes: Vec<u8>,
    pub charset: &'static str,
    pub coding: &'static str,
}

/// Encodes a text in the alphabet of GSM when that holds it, and else as UTF-16BE.
pub(super) fn encode(text: &str) -> Encoded {
    match Encoding::of(text) {
        // Kannel converts it to the alphabet of the SMSC.
        Encoding::Gsm7 => Encoded { bytes: text.into(), charset: "UTF-8", coding: "0" },
        Encoding::Ucs2 => {
            let bytes = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            Encoded { bytes, charset: "UTF-16BE", coding: "2" }
        }
    }
}

/// Returns a text without the characters that the alphabet of GSM lacks.
pub(super) fn without_ucs2(text: &str) -> String {
    let is_gsm = |c: &char| Encoding::of(c.encode_utf8(&mut [0; 4])) == Encoding::Gsm7;
    text.chars().filter(is_gsm).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_charset_is_utf_8(b"caf\xc3\xa9", "", "", "caf\u{e9}")]
    #[case::seven_bits_without_charset(b"caf\xc3\xa9", "", "0", "caf\u{e9}")]
    #[case::utf_8(b"caf\xc3\xa9", "utf-8", "0", "caf\u{e9}")]
    #[case::charset_before_coding(b"caf\xc3\xa9", "UTF-8", "2", "caf\u{e9}")]
    #[case::utf_16(b"\xd8\x3c\xdf\xb2\x09\x15", "UTF-16BE", "2", "\u{1f3b2}\u{915}")]
    #[case::utf_16_by_coding(b"\0h\0i", "", "2", "hi")]
    #[case::ucs_2(b"\0h\0i", "ISO-10646-UCS-2", "2", "hi")]
    #[case::big_endian_mark(b"\xfe\xff\0h", "UTF-16", "2", "h")]
    #[case::little_endian_mark(b"\xff\xfeh\0", "UTF-16", "2", "h")]
    #[case::latin_1(b"caf\xe9", "ISO-8859-1", "0", "caf\u{e9}")]
    #[case::windows(b"\x80 5", "WINDOWS-1252", "0", "\u{20ac} 5")]
    #[case::gsm(b"a\0b \x1be", "GSM", "0", "a@b \u{20ac}")]
    #[case::octets_that_are_utf_8(b"caf\xc3\xa9", "8-BIT", "1", "caf\u{e9}")]
    #[case::octets(b"caf\xe9", "binary", "1", "caf\u{e9}")]
    #[case::empty(b"", "UTF-16BE", "2", "")]
    fn text_is_decoded_by_charset_and_coding(
        #[case] bytes: &[u8],
        #[case] charset: &str,
        #[case] coding: &str,
        #[case] text: &str,
    ) {
        let expected = Decoded { text: text.to_owned(), problem: None };
        assert_eq!(decode(bytes, charset, coding), expected);
    }

    #[rstest]
    #[case::half_a_character(b"\0h\0", "UTF-16BE", "h\u{fffd}", Problem::Replaced)]
    #[case::lone_surrogate(b"\xd8\x3c\0h", "UTF-16BE", "\u{fffd}h", Problem::Replaced)]
    #[case::no_utf_8(b"a\xff", "UTF-8", "a\u{fffd}", Problem::Replaced)]
    #[case::nul(b"a\0b", "UTF-8", "a\u{fffd}b", Problem::Replaced)]
    #[case::unknown(b"caf\xc3\xa9", "klingon", "caf\u{e9}", Problem::UnknownCharset)]
    #[case::unknown_and_wrong(b"a\xff", "?", "a\u{fffd}", Problem::UnknownCharset)]
    fn text_that_cannot_be_decoded_is_kept_and_marked(
        #[case] bytes: &[u8],
        #[case] charset: &str,
        #[case] text: &str,
        #[case] problem: Problem,
    ) {
        let expected = Decoded { text: text.to_owned(), problem: Some(problem) };
        assert_eq!(decode(bytes, charset, ""), expected);
    }

    #[rstest]
    #[case("caf\u{e9} \u{20ac}{}", "UTF-8", "0")]
    #[case("f\u{ea}te", "UTF-16BE", "2")]
    #[case("\u{1f3b2}", "UTF-16BE", "2")]
    fn text_is_sent_in_the_smallest_encoding(
        #[case] text: &str,
        #[case] charset: &str,
        #[case] coding: &str,
    ) {
        let encoded = encode(text);
        assert_eq!((encoded.charset, encoded.coding), (charset, coding));
        assert_eq!(decode(&encoded.bytes, charset, coding).text, text);
    }

    #[test]
    fn characters_outside_of_gsm_are_dropped_on_request() {
        assert_eq!(without_ucs2("f\u{ea}te \u{1f3b2} \u{20ac}5"), "fte  \u{20ac}5");
    }

    proptest! {
        #[test]
        fn decoding_takes_anything(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            charset in "UTF-16BE|UTF-16|GSM|8-BIT|utf-8|latin1|shift_jis|iso-2022-kr|\\PC{0,50}",
            coding in "[0-9]{0,2}",
        ) {
            prop_assert!(!decode(&bytes, &charset, &coding).text.contains('\0'));
        }

        #[test]
        fn every_text_survives_both_ways(text in "[^\0\u{fffd}\u{feff}]{0,100}") {
            let Encoded { bytes, charset, coding } = encode(&text);
            let expected = Decoded { text, problem: None };
            prop_assert_eq!(decode(&bytes, charset, coding), expected);
        }
    }
}
