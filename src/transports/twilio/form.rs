//! `application/x-www-form-urlencoded` as bytes, because a signed value need not be UTF-8.

use std::borrow::Cow;

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// Decoded name and value. Most of them are borrowed, for they have no escapes.
pub(super) type Pair<'f> = (Cow<'f, [u8]>, Cow<'f, [u8]>);

/// Characters that JavaScript's `encodeURIComponent` escapes.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Decodes all pairs, in their order. Both `+` and `%20` are a space; a name alone has an empty value.
pub(super) fn pairs(encoded: &[u8]) -> Vec<Pair<'_>> {
    split(encoded)
        .map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = equals.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// Returns whether there are more than `most` pairs, reading no further than it takes to know.
pub(super) fn has_more_than(most: usize, encoded: &[u8]) -> bool {
    split(encoded).nth(most).is_some()
}

fn split(encoded: &[u8]) -> impl Iterator<Item = &[u8]> {
    encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty())
}

/// Encodes a query as the oldest of Twilio's own libraries does: every byte that need not be escaped
/// is left plain, and repeated names stand together at the place of the first.
///
/// Linear time, because the caller is not verified yet.
pub(super) fn reencode(query: &str) -> String {
    let mut names: IndexMap<Cow<'_, [u8]>, Vec<Cow<'_, [u8]>>> = IndexMap::new();
    for (name, value) in pairs(query.as_bytes()) {
        names.entry(name).or_default().push(value);
    }
    let mut encoded = String::with_capacity(query.len());
    for (name, values) in &names {
        for value in values {
            if !encoded.is_empty() {
                encoded.push('&');
            }
            encoded.extend(percent_encode(name, COMPONENT));
            encoded.push('=');
            encoded.extend(percent_encode(value, COMPONENT));
        }
    }
    encoded
}

fn decoded(part: &[u8]) -> Cow<'_, [u8]> {
    if !part.contains(&b'+') {
        return Cow::from(percent_decode(part));
    }
    let spaced: Vec<u8> =
        part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect::<Vec<u8>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(encoded: &[u8]) -> Vec<(String, String)> {
        let text = |bytes: Cow<'_, [u8]>| String::from_utf8(bytes.into_owned()).unwrap();
        pairs(encoded).into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn plus_and_percent_twenty_decode_to_spaces_and_nothing_is_trimmed() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            texts(b"Body=+a%20b++&From=%2B1&&Empty=&Alone&x=y=z&bad=%zz%2"),
            [
                pair("Body", " a b  "),
                pair("From", "+1"),
                pair("Empty", ""),
                pair("Alone", ""),
                pair("x", "y=z"),
                pair("bad", "%zz%2"),
            ]
        );
    }

    #[test]
    fn bytes_outside_utf_8_are_preserved() {
        assert_eq!(pairs(b"a=%FF\xfe"), [(Cow::from(b"a"), Cow::from(b"\xff\xfe"))]);
    }

    #[test]
    fn reencoding_groups_names_and_escapes_as_little_as_possible() {
        assert_eq!(reencode("a=it%27s+me&b=%3a%40&a=%7E&c"), "a=it's%20me&a=~&b=%3A%40&c=");
        assert_eq!(reencode(""), "");
    }
}
