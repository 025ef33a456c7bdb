//! Settings of a survey: its topic's `[properties]`, or its table in those of a router.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use validator::{Validate, ValidationError};

use super::question::Question;
use crate::contracts::settings::SettingsErrors;
use crate::model::keyword::{is_opt_out, normalize};

/// Settings of a survey, of which only `questions` is required.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct SurveySettings {
    /// Words that begin the survey when they are a whole message.
    #[serde(default = "start")]
    pub(super) start: Vec<String>,
    pub(super) questions: Vec<Question>,
    /// Lets each person finish the survey once only.
    #[serde(default)]
    pub(super) once: bool,
    /// Time in which a question must be answered.
    #[serde(default = "timeout", with = "humantime_serde")]
    #[validate(custom(function = is_timeout))]
    pub(super) timeout: Duration,
    /// Time for which records are kept.
    #[serde(default = "keep", with = "humantime_serde")]
    pub(super) keep: Duration,
    #[serde(default)]
    #[validate(nested)]
    pub(super) texts: Texts,
}

/// Texts of a survey, beside its questions.
#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Texts {
    /// Text before the first question; none by default.
    #[validate(length(min = 1, max = 1600))]
    pub intro: Option<String>,
    #[validate(length(min = 1, max = 1600))]
    pub thanks: String,
    /// Answer to a person who may not take part again.
    #[validate(length(min = 1, max = 1600))]
    pub already: String,
    /// Text when the time for an answer is over; none by default.
    #[validate(length(min = 1, max = 1600))]
    pub timed_out: Option<String>,
    /// Answer to any other message, when no router has another app for it.
    #[validate(length(min = 1, max = 1600))]
    pub help: String,
}

impl Default for Texts {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            intro: None,
            thanks: text("Thank you for your answers!"),
            already: text("You have taken part already. Thank you!"),
            timed_out: None,
            help: text("To begin the survey, send its keyword."),
        }
    }
}

fn start() -> Vec<String> {
    vec!["survey".to_owned()]
}

fn timeout() -> Duration {
    Duration::from_hours(1)
}

fn keep() -> Duration {
    Duration::from_hours(365 * 24)
}

/// Rejects times that end before an answer can arrive, and those that no one waits for.
fn is_timeout(timeout: &Duration) -> Result<(), ValidationError> {
    if (Duration::from_mins(1)..=Duration::from_hours(30 * 24)).contains(timeout) {
        return Ok(());
    }
    let message = "must be from 1m to 30days; correct the value";
    Err(ValidationError::new("timeout").with_message(message.into()))
}

impl SurveySettings {
    /// Reports every setting that cannot work.
    pub(super) fn check(&self) -> Result<(), SettingsErrors> {
        let mut errors = self.validate().err().map(SettingsErrors::from).unwrap_or_default();
        if self.start.is_empty() {
            errors.add("start", "is empty; name at least one word");
        }
        for word in &self.start {
            if normalize(word).is_empty() || is_opt_out(word) {
                errors.add("start", format!("\"{word}\" cannot begin a survey; choose another"));
            }
        }
        if self.questions.is_empty() {
            errors.add("questions", "is empty; write at least one question");
        }
        let mut names = BTreeSet::new();
        for (index, question) in self.questions.iter().enumerate() {
            let key = format!("questions[{index}]");
            question.check(&key, &mut errors);
            if !names.insert(&question.name) {
                let sentence = format!("{:?} is the name of two questions", question.name);
                errors.add(&format!("{key}.name"), format!("{sentence}; choose another"));
            }
        }
        errors.into_result()
    }
}
