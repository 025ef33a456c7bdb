//! Settings of rooms: their topic's `[properties]`.

use std::time::Duration;

use humantime_serde::Serde;
use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::filter::Filter;
use super::texts::Texts;
use crate::contracts::settings::SettingsErrors;
use crate::model::characters::fold;

/// Settings of rooms, each with a default.
#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RoomsSettings {
    /// Time from the creation of a room to its end.
    #[serde(with = "humantime_serde")]
    #[validate(custom(function = is_lifetime))]
    pub(super) lifetime: Duration,
    /// Times before the end at which the room is warned.
    #[validate(length(max = 10))]
    pub(super) warnings: Vec<Serde<Duration>>,
    /// Time without a text or a join after which a room ends early.
    #[serde(with = "humantime_serde")]
    pub(super) idle: Option<Duration>,
    /// Maximum number of rooms that are open at the same time.
    #[validate(range(min = 1, max = 1_000_000))]
    pub(super) max_rooms: u64,
    /// Maximum number of people in a room.
    #[validate(range(min = 2, max = 500))]
    pub(super) capacity: usize,
    /// Number of texts that a newcomer gets to see; 0 stores none.
    #[validate(range(min = 0, max = 200))]
    pub(super) history: usize,
    #[validate(length(max = 1000), custom(function = are_phrases))]
    pub(super) forbidden: Vec<String>,
    #[validate(length(max = 1000), custom(function = are_phrases))]
    pub(super) acceptable: Vec<String>,
    #[serde(with = "humantime_serde")]
    #[validate(custom(function = is_lifetime))]
    pub(super) extend_by: Duration,
    #[validate(range(min = 0, max = 100))]
    pub(super) max_extensions: u32,
    pub(super) allow: Vec<Power>,
    /// Time that a person whose socket was closed may take to come back.
    #[serde(with = "humantime_serde")]
    #[validate(custom(function = is_grace))]
    pub(super) leave_after: Duration,
    /// Address of the page for joining, to which `?room=TOKEN` is added.
    #[validate(custom(function = is_link))]
    pub(super) link: Option<String>,
    #[validate(nested)]
    pub(super) texts: Texts,
}

/// Right of a room's creator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Power {
    Mute,
    Remove,
    Extend,
    Lock,
}

impl Default for RoomsSettings {
    fn default() -> Self {
        let phrases = |phrases: [&str; 2]| phrases.map(str::to_owned).to_vec();
        let warnings = [Duration::from_mins(1), Duration::from_secs(10)];
        Self {
            lifetime: Duration::from_mins(10),
            warnings: warnings.map(Serde::from).to_vec(),
            idle: None,
            max_rooms: 10_000,
            capacity: 50,
            history: 0,
            forbidden: phrases(["Enterprise Java Beans", "XML"]),
            acceptable: phrases(["Loosely-Coupled Architecture", "JSON"]),
            extend_by: Duration::from_mins(10),
            max_extensions: 1,
            allow: vec![Power::Mute, Power::Remove, Power::Extend, Power::Lock],
            leave_after: Duration::from_secs(5),
            link: None,
            texts: Texts::default(),
        }
    }
}

impl RoomsSettings {
    /// Returns the filter of the topic's words, or every setting that cannot work.
    pub(super) fn filter(&self) -> Result<Filter, SettingsErrors> {
        let mut errors = self.validate().err().map(SettingsErrors::from).unwrap_or_default();
        self.check_times(&mut errors);
        if self.acceptable.is_empty() && !self.forbidden.is_empty() {
            errors.add("acceptable", "is empty; name a phrase to put for a forbidden one");
        }
        let filter = Filter::new(&self.forbidden, &self.acceptable).map_err(|_| {
            let mut errors = SettingsErrors::default();
            errors.add("forbidden", "is too large; name fewer or shorter phrases");
            errors
        })?;
        for phrase in self.acceptable.iter().filter(|phrase| filter.is_hit(phrase)) {
            errors.add("acceptable", format!("{phrase:?} holds a forbidden phrase; change it"));
        }
        errors.into_result()?;
        Ok(filter)
    }

    fn check_times(&self, errors: &mut SettingsErrors) {
        for warning in self.warnings() {
            if warning.is_zero() || warning >= self.lifetime {
                let shown = humantime::format_duration(warning);
                errors.add("warnings", format!("{shown} is not before the end; shorten it"));
            }
        }
        if self.idle.is_some_and(|idle| idle < Duration::from_secs(1)) {
            errors.add("idle", "is too short; set 1s or more, or leave it out");
        }
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = Duration> {
        self.warnings.iter().map(|warning| **warning)
    }

    /// Returns the longest time for which a room can last.
    pub(super) fn longest(&self) -> Duration {
        self.lifetime + self.extend_by * self.max_extensions
    }

    pub(super) fn allows(&self, power: Power) -> bool {
        self.allow.contains(&power)
    }
}

fn error(code: &'static str, message: &'static str) -> ValidationError {
    ValidationError::new(code).with_message(message.into())
}

fn is_lifetime(time: &Duration) -> Result<(), ValidationError> {
    let range = Duration::from_secs(1)..=Duration::from_hours(30 * 24);
    let is_fit = range.contains(time);
    is_fit.then_some(()).ok_or_else(|| error("time", "must be from 1s to 30d; correct the value"))
}

fn is_grace(time: &Duration) -> Result<(), ValidationError> {
    let is_fit = *time <= Duration::from_mins(5);
    is_fit.then_some(()).ok_or_else(|| error("time", "must be from 0s to 5m; correct the value"))
}

fn are_phrases(phrases: &[String]) -> Result<(), ValidationError> {
    let is_phrase =
        |phrase: &String| (1..=100).contains(&phrase.chars().count()) && !fold(phrase).is_empty();
    let message = "has a phrase that is empty or longer than 100 characters; correct or remove it";
    phrases.iter().all(is_phrase).then_some(()).ok_or_else(|| error("phrase", message))
}

fn is_link(link: &str) -> Result<(), ValidationError> {
    let url = url::Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let is_plain = url.is_some_and(|url| url.query().is_none() && url.fragment().is_none());
    let message = "must be the address of the page, as in \"https://example.com/room/join\"";
    is_plain.then_some(()).ok_or_else(|| error("link", message))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contracts::settings::build_part;

    fn read(properties: &Value) -> Result<RoomsSettings, Vec<String>> {
        let build = |settings: RoomsSettings| {
            settings.filter()?;
            Ok(settings)
        };
        build_part(properties.as_object().unwrap(), build).map_err(|errors| errors.lines())
    }

    #[test]
    fn absent_settings_are_those_of_the_ten_minute_chat() {
        let settings = read(&json!({})).unwrap();
        let seconds = |time: Duration| time.as_secs();
        assert_eq!((seconds(settings.lifetime), settings.idle), (600, None));
        assert_eq!(settings.warnings().map(seconds).collect::<Vec<_>>(), [60, 10]);
        assert_eq!((settings.capacity, settings.history), (50, 0));
        assert_eq!(seconds(settings.longest()), 1200);
        assert_eq!(settings.texts, Texts::default());
    }

    #[test]
    fn setting_replaces_its_default() {
        let settings = read(&json!({
            "lifetime": "1h", "warnings": ["5m"], "idle": "2m", "forbidden": [], "acceptable": [],
            "allow": ["lock"], "link": "https://example.com/room/join", "texts": {"guest": "Gast"},
        }))
        .unwrap();
        assert_eq!(settings.idle, Some(Duration::from_mins(2)));
        assert!(settings.allows(Power::Lock) && !settings.allows(Power::Mute));
        assert_eq!(settings.texts, Texts { guest: "Gast".into(), ..Texts::default() });
    }

    #[test]
    fn every_error_is_reported_at_once_with_its_key() {
        let errors = read(&json!({
            "lifetime": "100d",
            "warnings": ["0s", "10m"],
            "idle": "0s",
            "max_rooms": 0,
            "capacity": 1,
            "history": 201,
            "forbidden": ["XML", "\u{200b}"],
            "acceptable": ["a better xml"],
            "extend_by": "soon",
            "max_extensions": 1000,
            "allow": ["mute", "ban"],
            "leave_after": "1h",
            "link": "example.com",
            "texts": {"joind": "", "welcome": "", "created": "come in"},
            "live_time": "1m",
        }))
        .unwrap_err();
        let named = [
            "lifetime: must be from 1s to 30d",
            "warnings: 0s is not before the end",
            "idle: is too short",
            "max_rooms: must be from 1 to 1000000",
            "capacity: must be from 2 to 500",
            "history: must be from 0 to 200",
            "forbidden: has a phrase that is empty",
            "acceptable: \"a better xml\" holds a forbidden phrase",
            "extend_by: ",
            "max_extensions: must be from 0 to 100",
            "allow",
            "leave_after: must be from 0s to 5m",
            "link: must be the address of the page",
            "texts.joind: unknown field",
            "texts.welcome: must have 1 to 1600 characters",
            "texts.created: must contain {code}",
            "live_time: unknown field",
        ];
        for name in named {
            assert!(errors.iter().any(|error| error.starts_with(name)), "{name}: {errors:#?}");
        }
        assert_eq!(errors.len(), named.len(), "{errors:#?}");
    }

    #[test]
    fn forbidden_phrases_need_an_acceptable_one() {
        let errors = read(&json!({"acceptable": []})).unwrap_err();
        assert_eq!(errors, ["acceptable: is empty; name a phrase to put for a forbidden one"]);
    }
}
