//! Settings of roulette: its topic's `[properties]`.

use std::time::Duration;

use serde::Deserialize;
use validator::Validate;

use super::command::Synonyms;
use super::texts::Texts;
use crate::contracts::settings::SettingsErrors;

/// Settings of roulette, each with a default.
#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RouletteSettings {
    #[validate(nested)]
    pub(super) texts: Texts,
    pub(super) synonyms: Synonyms,
    /// Number of earlier partners who are paired again only when no other person waits.
    #[validate(range(min = 1, max = 20, message = "must be 1 to 20"))]
    pub(super) remember_partners: usize,
    /// Time for which the last texts of a chat are kept for a report; none with zero.
    #[serde(with = "humantime_serde")]
    pub(super) report_memory: Duration,
}

impl Default for RouletteSettings {
    fn default() -> Self {
        Self {
            texts: Texts::default(),
            synonyms: Synonyms::default(),
            remember_partners: 3,
            report_memory: Duration::from_hours(24),
        }
    }
}

impl RouletteSettings {
    /// Reports every text and word that cannot work.
    pub(super) fn check(&self) -> Result<(), SettingsErrors> {
        let mut errors = self.validate().err().map(SettingsErrors::from).unwrap_or_default();
        self.synonyms.check(&mut errors);
        errors.into_result()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Roulette;
    use super::*;
    use crate::contracts::settings::build_part;

    fn read(properties: &Value) -> Result<RouletteSettings, Vec<String>> {
        let built = build_part(properties.as_object().unwrap(), Roulette::new);
        built.map(|roulette| roulette.settings).map_err(|errors| errors.lines())
    }

    #[test]
    fn absent_settings_are_the_defaults() {
        let settings = read(&json!({})).unwrap();
        assert_eq!((settings.texts, settings.synonyms), (Texts::default(), Synonyms::default()));
    }

    #[test]
    fn setting_replaces_its_default_and_no_other() {
        let RouletteSettings { texts, synonyms, .. } = read(&json!({
            "texts": {"relay_prefix": "Fremde: "},
            "synonyms": {"connect": ["los", "Verbinde mich"]},
        }))
        .unwrap();
        assert_eq!(texts, Texts { relay_prefix: "Fremde: ".into(), ..Texts::default() });
        assert_eq!(synonyms.connect, ["los", "Verbinde mich"]);
        assert_eq!(synonyms.refresh, Synonyms::default().refresh);
    }

    #[test]
    fn every_error_is_reported_at_once_with_its_key() {
        let errors = read(&json!({
            "text": {},
            "texts": {
                "conected": "Hi!",
                "connected": "",
                "stats": 7,
                "shared_number": "Guess!",
                "relay_prefix": "x".repeat(161),
            },
            "synonyms": {"call": "call", "connect": ["end"], "hang_up": ["bye"]},
        }))
        .unwrap_err();
        let named = [
            "text: unknown field `text`, expected one of `texts`, `synonyms`",
            "texts.conected: unknown field `conected`, expected one of",
            "texts.connected: must have 1 to 1600 characters",
            "texts.stats: invalid type",
            "texts.shared_number: must contain {number}",
            "texts.relay_prefix: must have 1 to 160 characters",
            "synonyms.call: invalid type",
            "synonyms.connect: \"end\" is an opt-out word",
            "synonyms.hang_up: unknown field",
        ];
        for name in named {
            assert!(errors.iter().any(|error| error.starts_with(name)), "{name}: {errors:#?}");
        }
        assert_eq!(errors.len(), named.len(), "{errors:#?}");
    }

    #[test]
    fn value_in_place_of_a_table_is_reported() {
        let errors = read(&json!({"texts": "hello"})).unwrap_err();
        assert!(errors[0].starts_with("texts: invalid type"), "{errors:?}");
        assert_eq!(errors.len(), 1);
    }
}
