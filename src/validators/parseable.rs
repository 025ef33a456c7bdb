//! Rejects a message with characters other than English letters, digits and plain punctuation.

use serde::Deserialize;

use crate::contracts::handler::Result;
use crate::contracts::validator::{Rejection, Validator};
use crate::model::message::Inbound;

/// Default text for the sender.
pub const DEFAULT_TEXT: &str = "Please only use alphanumeric and punctuation characters.";

/// Accepted punctuation, and the space; other whitespace is rejected.
const PUNCTUATION: &str = " !\"#$%&'()*,-./:?@^";

/// Settings of the validator: none.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ParseableSettings {}

/// Validator of the characters of a text.
pub struct Parseable;

impl Parseable {
    /// Creates the validator.
    pub fn new(ParseableSettings {}: ParseableSettings) -> Result<Self> {
        Ok(Self)
    }
}

impl Validator for Parseable {
    fn validate(&self, message: &Inbound) -> Result<(), Rejection> {
        if message.text.reveal().chars().all(is_plain) {
            Ok(())
        } else {
            Err(Rejection::new("a character outside the plain set"))
        }
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || PUNCTUATION.contains(c)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contracts::settings::build_part;
    use crate::contracts::validator::{inbound, table};

    fn passes(text: &str) -> bool {
        Parseable.validate(&inbound(text)).is_ok()
    }

    #[test]
    fn listed_characters_pass_and_no_others() {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 \
                       !\"#$%&'()*,-./:?@^";
        for c in (0..=0x024f).filter_map(char::from_u32) {
            assert_eq!(passes(&format!("ok{c}ok")), allowed.contains(c), "{c:?}");
        }
    }

    #[test]
    fn emoji_other_alphabets_and_other_spaces_are_rejected() {
        for text in ["😀", "né", "привет", "１２３", "a\u{2009}b", "it’s", "a\u{200b}b", "a\nb"]
        {
            assert!(!passes(text), "{text:?}");
        }
        // The length validator rejects an empty text.
        assert!(passes(""));
    }

    #[test]
    fn every_setting_is_reported_as_unknown() {
        let settings = table(json!({"a": 1, "b": 2}));
        let errors = build_part(&settings, Parseable::new).err().unwrap().lines();
        assert_eq!(errors.len(), 2);
        assert!(errors[0].starts_with("a: unknown field"), "{errors:?}");
    }
}
