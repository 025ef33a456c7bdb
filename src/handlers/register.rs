//! Register: an app of routers that keeps the name of a person, and tells the other apps.
//!
//! RapidSMS' registration app takes the same three words; its texts are this app's own here.

use std::time::Duration;

use serde::Deserialize;
use validator::Validate;

use crate::contracts::handler::{Context, Handler, Result, RouterApp};
use crate::model::command::Command;
use crate::model::keyword::after;
use crate::model::message::Inbound;
use crate::model::template::fill;

const KEYWORDS: [&str; 3] = ["register", "reg", "join"];

/// Maximum number of characters of a name.
const MAX_NAME: usize = 100;

/// Settings of register: `keep`, the time for which a name is kept, and the table `texts`.
#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RegisterSettings {
    #[serde(with = "humantime_serde")]
    keep: Duration,
    #[validate(nested)]
    texts: Texts,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
struct Texts {
    #[validate(length(min = 1, max = 1600))]
    help: String,
    /// Answer to a name, with the name in place of `{name}`.
    #[validate(length(min = 1, max = 1400))]
    registered: String,
    /// Answer to the keyword alone of a person whose name is known.
    #[validate(length(min = 1, max = 1400))]
    known: String,
}

impl Default for RegisterSettings {
    fn default() -> Self {
        Self { keep: Duration::from_hours(365 * 24), texts: Texts::default() }
    }
}

impl Default for Texts {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            help: text("To register, send: JOIN <NAME>"),
            registered: text("Thank you for registering, {name}!"),
            known: text("You are registered as {name}. To change it, send: JOIN <NAME>"),
        }
    }
}

/// App that keeps names. Every message of a registered person has the parameter `name`.
pub struct Register(RegisterSettings);

impl Register {
    /// Creates the app, or reports every setting that cannot work.
    pub fn new(settings: RegisterSettings) -> Result<Self> {
        settings.validate()?;
        Ok(Self(settings))
    }
}

impl Handler for Register {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let Self(RegisterSettings { keep, texts }) = self;
        let text = message.text.reveal();
        let rest = KEYWORDS.iter().find_map(|keyword| after(keyword, text));
        let Some(name) = rest.map(str::trim) else {
            cx.decline_or_reply(texts.help.as_str());
            return Ok(());
        };
        let known: Option<String> = cx.state().await?;
        match known {
            Some(known) if name.is_empty() => cx.reply(fill(&texts.known, &[("name", &known)])),
            _ if name.is_empty() || name.chars().count() > MAX_NAME => {
                cx.reply(texts.help.as_str());
            }
            _ => {
                cx.set_state(&name, *keep)?;
                cx.reply(fill(&texts.registered, &[("name", name)]));
            }
        }
        Ok(())
    }

    async fn opted_out(&self, cx: &mut Context, _: &Inbound) -> Result {
        cx.clear_state();
        Ok(())
    }

    fn commands(&self) -> Vec<Command> {
        vec![Command::new("join <name>", "tells us your name")]
    }
}

impl RouterApp for Register {
    async fn parse(&self, cx: &mut Context, message: &mut Inbound) -> Result {
        if let Some(name) = cx.state().await? {
            message.parameters.0.insert(0, ("name".to_owned(), name));
        }
        Ok(())
    }
}
