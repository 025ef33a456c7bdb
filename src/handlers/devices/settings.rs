//! Settings of devices: their topic's `[properties]`.

use std::time::Duration;

use serde::Deserialize;
use validator::{Validate, ValidationError};

use super::texts::Texts;

/// Settings of devices, each with a default.
#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct DevicesSettings {
    pub(super) ids: Ids,
    keep_ids: Option<bool>,
    list: Option<bool>,
    /// Maximum number of texts that wait for a device that is away.
    #[validate(range(min = 0, max = 200))]
    pub(super) mailbox: u32,
    /// Time for which texts to a device that is away are kept.
    #[serde(with = "humantime_serde")]
    #[validate(custom(function = is_absence))]
    pub(super) away: Duration,
    #[validate(nested)]
    pub(super) texts: Texts,
}

/// Kind of the ids of new devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ids {
    /// Numbers from 100000000 upward, in order of connection.
    #[default]
    Sequential,
    /// Random numbers of 128 bits, which cannot be guessed.
    Random,
}

impl Default for DevicesSettings {
    fn default() -> Self {
        Self {
            ids: Ids::Sequential,
            keep_ids: None,
            list: None,
            mailbox: 100,
            away: Duration::from_mins(2),
            texts: Texts::default(),
        }
    }
}

impl DevicesSettings {
    /// Returns whether a session that connects again gets the id that it had before.
    pub(super) fn keeps_ids(&self) -> bool {
        self.keep_ids.unwrap_or(self.ids == Ids::Random)
    }

    /// Returns whether devices learn the ids of all others, and who comes and goes.
    pub(super) fn lists_devices(&self) -> bool {
        self.list.unwrap_or(self.ids == Ids::Sequential)
    }
}

fn is_absence(away: &Duration) -> Result<(), ValidationError> {
    if (Duration::from_secs(1)..=Duration::from_hours(24)).contains(away) {
        return Ok(());
    }
    Err(ValidationError::new("range").with_message("must be 1s to 24h; correct the value".into()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Devices;
    use super::*;
    use crate::contracts::settings::build_part;

    fn read(properties: &Value) -> Result<DevicesSettings, Vec<String>> {
        let built = build_part(properties.as_object().unwrap(), Devices::new);
        built.map(|devices| devices.settings).map_err(|errors| errors.lines())
    }

    #[test]
    fn random_ids_are_kept_and_not_listed_unless_the_topic_says_so() {
        let flags = |properties| {
            let settings = read(&properties).unwrap();
            (settings.keeps_ids(), settings.lists_devices())
        };
        assert_eq!(flags(json!({})), (false, true));
        assert_eq!(flags(json!({"ids": "random"})), (true, false));
        let reversed = json!({"ids": "random", "keep_ids": false, "list": true});
        assert_eq!(flags(reversed), (false, true));
    }

    #[test]
    fn every_error_is_reported_at_once_with_its_key() {
        let errors = read(&json!({
            "id": "random",
            "ids": "odd",
            "keep_ids": "yes",
            "mailbox": 201,
            "away": "2d",
            "texts": {"greeting": "Hello", "duplicate": "", "bye": "!"},
        }))
        .unwrap_err();
        let named = [
            "id: unknown field `id`",
            "ids: unknown variant `odd`",
            "keep_ids: invalid type",
            "mailbox: must be from 0 to 200",
            "away: must be 1s to 24h",
            "texts.greeting: must contain {id}",
            "texts.duplicate: must have 1 to 1600 characters",
            "texts.bye: unknown field `bye`",
        ];
        for name in named {
            assert!(errors.iter().any(|error| error.starts_with(name)), "{name}: {errors:#?}");
        }
        assert_eq!(errors.len(), named.len(), "{errors:#?}");
    }
}
