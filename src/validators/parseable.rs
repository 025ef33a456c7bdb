//! Refuses a message with anything in it but English letters, digits and plain punctuation.

use serde::Deserialize;
use serde_json::{Map, Value};
use validator::Validate;

use crate::contracts::validator::{Rejection, Validator, settings};
use crate::model::message::Inbound;

pub const NAME: &str = "parseable";
pub const DEFAULT_TEXT: &str = "Please only use alphanumeric and punctuation characters.";

/// The punctuation that passes, and the space; no other whitespace does.
const PUNCTUATION: &str = " !\"#$%&'()*,-./:?@^";

#[derive(Default, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
struct Settings {}

/// Settings: none.
///
/// # Errors
/// One sentence per mistake in the settings.
pub fn build(map: &Map<String, Value>) -> Result<Box<dyn Validator>, Vec<String>> {
    let Settings {} = settings(map)?;
    Ok(Box::new(check))
}

fn check(message: &Inbound) -> Result<(), Rejection> {
    if message.text.reveal().chars().all(is_plain) {
        Ok(())
    } else {
        Err(Rejection("a character outside the plain set".to_owned()))
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || PUNCTUATION.contains(c)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contracts::validator::{said, settings_of};

    fn passes(text: &str) -> bool {
        build(&Map::new()).unwrap().validate(&said(text)).is_ok()
    }

    #[test]
    fn exactly_these_characters_pass() {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 \
                       !\"#$%&'()*,-./:?@^";
        for c in (0..=0x024f).filter_map(char::from_u32) {
            assert_eq!(passes(&format!("ok{c}ok")), allowed.contains(c), "{c:?}");
        }
    }

    #[test]
    fn no_emoji_other_alphabet_or_other_space_passes() {
        for text in ["😀", "né", "привет", "１２３", "a\u{2009}b", "it’s", "a\u{200b}b", "a\nb"]
        {
            assert!(!passes(text), "{text:?}");
        }
        // Being empty is another validator's business.
        assert!(passes(""));
    }

    #[test]
    fn it_has_no_settings() {
        let mistakes = build(&settings_of(json!({"a": 1, "b": 2}))).err().unwrap();
        assert_eq!(mistakes.len(), 2);
        assert!(mistakes[0].starts_with("a: unknown field"), "{mistakes:?}");
    }
}
