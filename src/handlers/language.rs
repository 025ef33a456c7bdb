//! Language: an app of routers that keeps the language of a person, and tells the other apps.
//!
//! RapidSMS' registration app takes the same two words; its texts are this app's own here.

use std::time::Duration;

use indexmap::IndexMap;
use serde::Deserialize;
use validator::{Validate, ValidationError};

use crate::contracts::handler::{Context, Handler, Result, RouterApp};
use crate::model::command::Command;
use crate::model::keyword::{after, normalize};
use crate::model::message::Inbound;
use crate::model::template::fill;

const KEYWORDS: [&str; 2] = ["language", "lang"];

/// Settings of language: `languages`, names by codes; `keep`, the time for which a choice is kept; and
/// the table `texts`.
#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct LanguageSettings {
    #[validate(custom(function = is_not_empty))]
    languages: IndexMap<String, String>,
    #[serde(with = "humantime_serde")]
    keep: Duration,
    #[validate(nested)]
    texts: Texts,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
struct Texts {
    /// Answer to the keyword alone, with the codes in place of `{codes}`.
    #[validate(length(min = 1, max = 800))]
    help: String,
    /// Answer to a language, with its name in place of `{language}`.
    #[validate(length(min = 1, max = 1400))]
    chosen: String,
    /// Answer to a language that is not in the list.
    #[validate(length(min = 1, max = 800))]
    unknown: String,
}

fn is_not_empty(languages: &IndexMap<String, String>) -> Result<(), ValidationError> {
    if languages.is_empty() {
        let message = "is empty; write a code and a name, such as en = \"English\"";
        return Err(ValidationError::new("empty").with_message(message.into()));
    }
    Ok(())
}

impl Default for LanguageSettings {
    fn default() -> Self {
        let languages = IndexMap::from([("en".to_owned(), "English".to_owned())]);
        let keep = Duration::from_hours(365 * 24);
        Self { languages, keep, texts: Texts::default() }
    }
}

impl Default for Texts {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            help: text("To set your language, send: LANG <CODE>. Codes: {codes}"),
            chosen: text("Your language is {language}."),
            unknown: text("That language is not known here. Codes: {codes}"),
        }
    }
}

/// App that keeps languages. Every message of a person who chose one has the parameter `language`,
/// its code.
pub struct Language(LanguageSettings);

impl Language {
    /// Creates the app, or reports every setting that cannot work.
    pub fn new(settings: LanguageSettings) -> Result<Self> {
        settings.validate()?;
        Ok(Self(settings))
    }

    /// Returns the code and the name of a language, by either of the two.
    fn find(&self, named: &str) -> Option<(&String, &String)> {
        let named = normalize(named);
        let is_named = |(code, name): &(&String, &String)| {
            normalize(code) == named || normalize(name) == named
        };
        self.0.languages.iter().find(is_named)
    }

    fn with_codes(&self, text: &str) -> String {
        let codes: Vec<&str> = self.0.languages.keys().map(String::as_str).collect();
        fill(text, &[("codes", &codes.join(", "))])
    }
}

impl Handler for Language {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let Self(LanguageSettings { keep, texts, .. }) = self;
        let text = message.text.reveal();
        let rest = KEYWORDS.iter().find_map(|keyword| after(keyword, text));
        match (rest, rest.and_then(|named| self.find(named))) {
            (None, _) => cx.decline_or_reply(self.with_codes(&texts.help)),
            (Some(""), _) => cx.reply(self.with_codes(&texts.help)),
            (Some(_), None) => cx.reply(self.with_codes(&texts.unknown)),
            (Some(_), Some((code, name))) => {
                cx.set_state(code, *keep)?;
                cx.reply(fill(&texts.chosen, &[("language", name)]));
            }
        }
        Ok(())
    }

    async fn opted_out(&self, cx: &mut Context, _: &Inbound) -> Result {
        cx.clear_state();
        Ok(())
    }

    fn commands(&self) -> Vec<Command> {
        vec![Command::new("lang <code>", "sets your language")]
    }
}

impl RouterApp for Language {
    async fn parse(&self, cx: &mut Context, message: &mut Inbound) -> Result {
        if let Some(code) = cx.state().await? {
            message.parameters.0.insert(0, ("language".to_owned(), code));
        }
        Ok(())
    }
}
