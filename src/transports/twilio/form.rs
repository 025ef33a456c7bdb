//! `application/x-www-form-urlencoded`, to the byte: what is signed is not always text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// A name and its value, decoded.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// What JavaScript's `encodeURIComponent` leaves alone.
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

/// The pairs in order of arrival. Both `+` and `%20` are a space; a name alone has an empty value.
pub(super) fn pairs(encoded: &[u8]) -> Vec<Pair> {
    encoded
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = equals.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// Encodes again as the oldest of Twilio's own libraries does: every byte that need not be is left
/// plain, and repeated names stand together at the place of the first.
pub(super) fn encoded_again(query: &str) -> String {
    let pairs = pairs(query.as_bytes());
    let mut names: Vec<&[u8]> = Vec::new();
    for (name, _) in &pairs {
        if !names.contains(&name.as_slice()) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .flat_map(|name| pairs.iter().filter(move |(known, _)| known == name))
        .map(|(name, value)| {
            format!("{}={}", percent_encode(name, COMPONENT), percent_encode(value, COMPONENT))
        })
        .collect::<Vec<_>>()
        .join("&")
}

fn decoded(part: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> =
        part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(encoded: &[u8]) -> Vec<(String, String)> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        pairs(encoded).into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn plus_and_percent_twenty_are_spaces_and_nothing_is_trimmed() {
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
    fn bytes_that_are_no_text_come_through() {
        assert_eq!(pairs(b"a=%FF\xfe"), [(b"a".to_vec(), vec![0xff, 0xfe])]);
    }

    #[test]
    fn encoding_again_gathers_names_and_leaves_plain_what_it_can() {
        assert_eq!(encoded_again("a=it%27s+me&b=%3a%40&a=%7E&c"), "a=it's%20me&a=~&b=%3A%40&c=");
        assert_eq!(encoded_again(""), "");
    }
}
