//! The query of a request as bytes, because a text need not be UTF-8.

use percent_encoding::percent_decode;

use crate::contracts::transport::ReceiveError;

/// Most parameters of a query. Kannel has some forty escapes that a URL may use.
const MAX_PAIRS: usize = 100;

/// Largest query. A text of ten segments in UTF-16 with every byte escaped takes 4 KiB.
const MAX_BYTES: usize = 16 * 1024;

/// Parameters in order of arrival. A name that is read as a field occurs at most once.
pub(super) struct Query(Vec<(Vec<u8>, Vec<u8>)>);

impl Query {
    /// Decodes a raw query, within the limits. Both `+` and `%20` are a space, and a malformed escape
    /// stands for itself.
    pub(super) fn read(raw: &str) -> Result<Self, ReceiveError> {
        if raw.len() > MAX_BYTES {
            let sentence = format!("query too long; send at most {} KiB", MAX_BYTES / 1024);
            return Err(ReceiveError::TooLarge(sentence));
        }
        let pairs = || raw.split('&').filter(|pair| !pair.is_empty());
        if pairs().nth(MAX_PAIRS).is_some() {
            let sentence = format!("too many parameters; send at most {MAX_PAIRS}");
            return Err(ReceiveError::TooLarge(sentence));
        }
        let decode = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        Ok(Self(pairs().map(decode).collect()))
    }

    /// Value of a parameter, verbatim. A name that occurs twice is an error, since either value would
    /// be a guess.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<&[u8]>, ReceiveError> {
        let mut values = self.0.iter().filter(|(known, _)| known == name.as_bytes());
        let value = values.next().map(|(_, value)| value.as_slice());
        if values.next().is_some() {
            return Err(malformed(&format!("{name} is sent twice; send it once")));
        }
        Ok(value)
    }

    /// Value of a parameter as UTF-8, with an empty value as none.
    pub(super) fn filled(&self, name: &str) -> Result<Option<&str>, ReceiveError> {
        let Some(value) = self.bytes(name)?.filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let text = str::from_utf8(value);
        text.map(Some).map_err(|_| malformed(&format!("{name} is not UTF-8; encode it as UTF-8")))
    }

    /// Parameters without those that are known, in order of arrival. Bytes outside of UTF-8 become
    /// U+FFFD.
    pub(super) fn without(&self, known: &[&str]) -> Vec<(String, String)> {
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let pairs = self.0.iter().map(|(name, value)| (text(name), text(value)));
        pairs.filter(|(name, _)| !known.contains(&name.as_str())).collect()
    }
}

fn decoded(part: &str) -> Vec<u8> {
    let spaced: Vec<u8> = part.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).collect()
}

pub(super) fn malformed(sentence: &str) -> ReceiveError {
    ReceiveError::Malformed(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_to_bytes_and_nothing_is_trimmed() {
        let query = Query::read("text=+a%20b++&id=%2B1&&x=y=z&bad=%zz%2&raw=%FF%00&alone").unwrap();
        let value = |name| query.bytes(name).unwrap();
        assert_eq!(value("text"), Some(&b" a b  "[..]));
        assert_eq!(value("id"), Some(&b"+1"[..]));
        assert_eq!(value("x"), Some(&b"y=z"[..]));
        assert_eq!(value("bad"), Some(&b"%zz%2"[..]));
        assert_eq!(value("raw"), Some(&[0xff, 0][..]));
        assert_eq!((value("alone"), query.filled("alone").unwrap()), (Some(&b""[..]), None));
        assert!(query.filled("raw").is_err());
    }

    #[test]
    fn field_that_is_sent_twice_is_an_error_under_any_escape() {
        let query = Query::read("id=1&%69d=1&other=1&other=2").unwrap();
        assert!(query.bytes("id").is_err());
        let other = |value: &str| ("other".to_owned(), value.to_owned());
        assert_eq!(query.without(&["id"]), [other("1"), other("2")]);
    }

    #[test]
    fn query_above_the_limits_is_refused() {
        let refused = |query: &str| matches!(Query::read(query), Err(ReceiveError::TooLarge(_)));
        assert!(!refused(&"a&".repeat(MAX_PAIRS)));
        assert!(refused(&"a&".repeat(MAX_PAIRS + 1)));
        assert!(!refused(&"a".repeat(MAX_BYTES)));
        assert!(refused(&"a".repeat(MAX_BYTES + 1)));
    }
}
