//! Settings of roulette: its topic's `[properties]`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use validator::Validate;

use super::command::Synonyms;
use super::texts::Texts;
use crate::contracts::settings::SettingsErrors;
use crate::model::mask::Mask;
use crate::model::relayed::LineBreaks;

/// Longest time of a wait or of silence, well below the life of a seat.
const LONGEST: Duration = Duration::from_hours(14 * 24);

/// Settings of roulette, each with a default. A time of 0 is none.
#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RouletteSettings {
    #[validate(nested)]
    pub(super) texts: Texts,
    pub(super) synonyms: Synonyms,
    pub(super) line_breaks: LineBreaks,
    /// Contents of relayed texts that are hidden.
    pub(super) mask: BTreeSet<Mask>,
    /// Time after which a wait ends.
    #[serde(with = "humantime_serde")]
    pub(super) wait_timeout: Duration,
    /// Time without a text after which both sides of a chat are told.
    #[serde(with = "humantime_serde")]
    pub(super) idle_nudge: Duration,
    /// Time from the nudge, or without one from the last text, to the end of an idle chat.
    #[serde(with = "humantime_serde")]
    pub(super) idle_end: Duration,
    /// Longest time of a chat.
    #[serde(with = "humantime_serde")]
    pub(super) max_chat: Duration,
    /// The text that ends a chat is followed by its summary.
    pub(super) summary: bool,
    /// Two programs that answer each other are told from people, and their chat ends.
    pub(super) loop_guard: bool,
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
            line_breaks: LineBreaks::default(),
            mask: BTreeSet::new(),
            wait_timeout: Duration::from_mins(10),
            idle_nudge: Duration::from_hours(12),
            idle_end: Duration::from_hours(12),
            max_chat: Duration::ZERO,
            summary: false,
            loop_guard: true,
            remember_partners: 3,
            report_memory: Duration::from_hours(24),
        }
    }
}

impl RouletteSettings {
    /// Reports every text, word and time that cannot work.
    pub(super) fn check(&self) -> Result<(), SettingsErrors> {
        let mut errors = self.validate().err().map(SettingsErrors::from).unwrap_or_default();
        self.synonyms.check(&mut errors);
        self.check_times(&mut errors);
        errors.into_result()
    }

    fn check_times(&self, errors: &mut SettingsErrors) {
        let times = [
            ("wait_timeout", self.wait_timeout),
            ("idle_nudge", self.idle_nudge),
            ("idle_end", self.idle_end),
            ("max_chat", self.max_chat),
        ];
        for (key, time) in times {
            if time > LONGEST || (time > Duration::ZERO && time < Duration::from_secs(10)) {
                errors.add(key, "must be 10s to 14days, or 0s for none");
            }
        }
        if !self.idle_nudge.is_zero() && self.idle_end.is_zero() {
            errors
                .add("idle_end", "is 0s although idle_nudge tells of an end; set both or neither");
        }
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
        let texts = Texts { summary: String::new(), ..Texts::default() };
        assert_eq!((settings.texts, settings.synonyms), (texts, Synonyms::default()));
    }

    #[test]
    fn setting_replaces_its_default_and_no_other() {
        let RouletteSettings { texts, synonyms, .. } = read(&json!({
            "texts": {"relay_prefix": "Fremde: "},
            "summary": true,
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
                "confirm_call": "Send CALL again!",
                "relay_prefix": "x".repeat(161),
            },
            "mask": ["phone", "name"],
            "line_breaks": "keep",
            "idle_nudge": "9s",
            "idle_end": "0s",
            "max_chat": "15days",
            "synonyms": {"call": "call", "connect": ["end"], "hang_up": ["bye"]},
        }))
        .unwrap_err();
        let named = [
            "text: unknown field `text`, expected one of `texts`, `synonyms`, `line_breaks`",
            "texts.conected: unknown field `conected`, expected one of",
            "texts.connected: must have 1 to 1600 characters",
            "texts.stats: invalid type",
            "texts.shared_number: must contain {number}",
            "texts.confirm_call: must contain {code}",
            "texts.relay_prefix: must have 1 to 160 characters",
            "mask[1]: unknown variant `name`",
            "line_breaks: unknown variant `keep`",
            "idle_nudge: must be 10s to 14days",
            "idle_end: is 0s although",
            "max_chat: must be 10s to 14days",
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
