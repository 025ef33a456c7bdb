//! Rejects a message that is empty, or longer than the topic allows.

use serde::Deserialize;
use validator::Validate;

use crate::contracts::handler::Result;
use crate::contracts::validator::{Rejection, Validator};
use crate::model::message::Inbound;

/// Default text for the sender.
pub const DEFAULT_TEXT: &str = "Your message exceeded the maximum allowable character limit (or was empty). Please try again .";

/// Settings of the validator: `max`, the maximum number of Unicode characters.
#[derive(Clone, Copy, Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct LengthSettings {
    /// Maximum length. One message of the GSM alphabet holds 160 characters; Twilio takes 1600.
    #[validate(range(min = 1, max = 1600, message = "set it to a whole number from 1 to 1600"))]
    max: usize,
}

impl Default for LengthSettings {
    fn default() -> Self {
        Self { max: 160 }
    }
}

/// Validator of the length of a text.
pub struct Length {
    max: usize,
}

impl Length {
    /// Creates the validator, or reports a setting that cannot work.
    pub fn new(settings: LengthSettings) -> Result<Self> {
        settings.validate()?;
        Ok(Self { max: settings.max })
    }
}

impl Validator for Length {
    fn validate(&self, message: &Inbound) -> Result<(), Rejection> {
        let text = message.text.reveal();
        // A picture often comes without a text, and a socket's frame of a type of its own, too.
        let is_frame = message.sender.is_socket() && message.parameters.get("type").is_some();
        if text.is_empty() && message.media.is_empty() && !is_frame {
            return Err(Rejection::new("empty"));
        }
        // One character past the limit decides, however long the rest is.
        if text.chars().nth(self.max).is_some() {
            return Err(Rejection::new(format!("longer than {} characters", self.max)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contracts::settings::{SettingsErrors, build_part};
    use crate::contracts::validator::{inbound, table};
    use crate::model::message::Media;

    fn build(settings: Value) -> Result<Length, SettingsErrors> {
        build_part(&table(settings), Length::new)
    }

    fn passes(settings: Value, text: &str) -> bool {
        build(settings).unwrap().validate(&inbound(text)).is_ok()
    }

    #[test]
    fn text_of_1_to_160_characters_passes() {
        assert!(passes(json!({}), "a"));
        assert!(passes(json!({}), &"a".repeat(160)));
        assert!(!passes(json!({}), &"a".repeat(161)));
        assert!(!passes(json!({}), ""));
    }

    #[test]
    fn topic_sets_the_limit_and_longer_texts_are_rejected() {
        assert!(passes(json!({"max": 1600}), &"a".repeat(1600)));
        for length in [1601, 1602, 5000] {
            assert!(!passes(json!({"max": 1600}), &"a".repeat(length)), "{length}");
            assert!(!passes(json!({}), &"a".repeat(length)), "{length}");
        }
    }

    #[test]
    fn limit_counts_characters_not_bytes() {
        assert!(passes(json!({"max": 3}), "né😀"));
        assert!(!passes(json!({"max": 3}), "né😀!"));
    }

    #[test]
    fn media_needs_no_text_and_its_text_has_the_same_limit() {
        let validator = build(json!({"max": 2})).unwrap();
        let mut message = inbound("");
        message.media = vec![Media {
            url: "https://e.example/a".to_owned(),
            content_type: "image/png".to_owned(),
        }];
        assert!(validator.validate(&message).is_ok());
        message.text = "abc".into();
        assert!(validator.validate(&message).is_err());
    }

    #[test]
    fn frame_of_a_type_of_its_own_needs_no_text() {
        let validator = build(json!({})).unwrap();
        let mut message = inbound("");
        message.parameters.0.push(("type".to_owned(), "typing".to_owned()));
        assert!(validator.validate(&message).is_err(), "a webhook's parameter is no frame");
        message.sender.transport = crate::model::address::WEBSOCKET.to_owned();
        assert!(validator.validate(&message).is_ok());
        message.parameters.0.clear();
        assert!(validator.validate(&message).is_err());
    }

    #[test]
    fn bad_settings_are_reported_with_key_and_fix() {
        for settings in [json!({"max": 0}), json!({"max": 1601})] {
            let errors = build(settings).err().unwrap().lines();
            assert_eq!(errors, ["max: set it to a whole number from 1 to 1600"]);
        }
        let errors = build(json!({"max": -1, "maximum": 5})).err().unwrap().lines();
        assert_eq!(errors.len(), 2);
        assert!(errors[0].starts_with("max: "), "{errors:?}");
        assert!(errors[1].contains("expected `max`"), "{errors:?}");
    }
}
