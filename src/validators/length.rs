//! Refuses a message that is empty, or longer than the topic allows.

use serde::Deserialize;
use serde_json::{Map, Value};
use validator::Validate;

use crate::contracts::validator::{Rejection, Validator, settings};
use crate::model::message::Inbound;

pub const NAME: &str = "length";
pub const DEFAULT_TEXT: &str = "Your message exceeded the maximum allowable character limit (or was empty). Please try again .";

#[derive(Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// 160 characters fit into one message of the GSM alphabet; 1600 is all that Twilio takes.
    #[validate(range(min = 1, max = 1600, message = "set it to a whole number from 1 to 1600"))]
    max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max: 160 }
    }
}

/// Settings: `max`, in Unicode characters.
///
/// # Errors
/// One sentence per mistake in the settings.
pub fn build(map: &Map<String, Value>) -> Result<Box<dyn Validator>, Vec<String>> {
    let Settings { max } = settings(map)?;
    Ok(Box::new(move |message: &Inbound| check(message, max)))
}

fn check(message: &Inbound, max: usize) -> Result<(), Rejection> {
    let text = message.text.reveal();
    // A picture says enough: it comes without a text as often as not.
    if text.is_empty() && message.media.is_empty() {
        return Err(Rejection("empty".to_owned()));
    }
    // Looking one character past the limit is enough, however long the rest may be.
    if text.chars().nth(max).is_some() {
        return Err(Rejection(format!("longer than {max} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contracts::validator::{said, settings_of};
    use crate::model::message::Media;

    fn passes(settings: Value, text: &str) -> bool {
        build(&settings_of(settings)).unwrap().validate(&said(text)).is_ok()
    }

    #[test]
    fn a_text_of_1_to_160_characters_passes() {
        assert!(passes(json!({}), "a"));
        assert!(passes(json!({}), &"a".repeat(160)));
        assert!(!passes(json!({}), &"a".repeat(161)));
        assert!(!passes(json!({}), ""));
    }

    #[test]
    fn the_limit_is_the_topics_own_and_nothing_longer_slips_past_it() {
        assert!(passes(json!({"max": 1600}), &"a".repeat(1600)));
        for length in [1601, 1602, 5000] {
            assert!(!passes(json!({"max": 1600}), &"a".repeat(length)), "{length}");
            assert!(!passes(json!({}), &"a".repeat(length)), "{length}");
        }
    }

    #[test]
    fn it_counts_characters_not_bytes() {
        assert!(passes(json!({"max": 3}), "né😀"));
        assert!(!passes(json!({"max": 3}), "né😀!"));
    }

    #[test]
    fn a_picture_needs_no_text_but_its_text_has_the_same_limit() {
        let validator = build(&settings_of(json!({"max": 2}))).unwrap();
        let mut message = said("");
        message.media = vec![Media {
            url: "https://e.example/a".to_owned(),
            content_type: "image/png".to_owned(),
        }];
        assert!(validator.validate(&message).is_ok());
        message.text = "abc".into();
        assert!(validator.validate(&message).is_err());
    }

    #[test]
    fn mistakes_name_their_key_and_what_to_do() {
        for settings in [json!({"max": 0}), json!({"max": 1601})] {
            let mistakes = build(&settings_of(settings)).err().unwrap();
            assert_eq!(mistakes, ["max: set it to a whole number from 1 to 1600"]);
        }
        let mistakes = build(&settings_of(json!({"max": -1, "maximum": 5}))).err().unwrap();
        assert_eq!(mistakes.len(), 2);
        assert!(mistakes[0].starts_with("max: "), "{mistakes:?}");
        assert!(mistakes[1].contains("expected `max`"), "{mistakes:?}");
    }
}
