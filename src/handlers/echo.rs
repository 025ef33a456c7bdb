//! Echo: `ping` gets `pong`, `echo X` gets `X`, everything else a help text or, in a router, the next
//! app. A starting point for other handlers.

use serde::Deserialize;
use validator::Validate;

use crate::contracts::handler::{Context, Handler, Result};
use crate::model::command::Command;
use crate::model::keyword::after;
use crate::model::message::Inbound;

/// Settings of echo: the table `texts`, with the text `help`.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct EchoSettings {
    #[validate(nested)]
    texts: Texts,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
struct Texts {
    #[validate(length(min = 1, max = 1600))]
    help: String,
}

impl Default for Texts {
    fn default() -> Self {
        Self { help: "To echo some text, send: ECHO <ANYTHING>".to_owned() }
    }
}

/// Handler that answers with the sender's own text.
pub struct Echo {
    texts: Texts,
}

impl Echo {
    /// Creates the handler, or reports every setting that cannot work.
    pub fn new(settings: EchoSettings) -> Result<Self> {
        settings.validate()?;
        Ok(Self { texts: settings.texts })
    }
}

impl Handler for Echo {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let text = message.text.reveal();
        match answer(text) {
            Some(answer) => cx.reply(answer),
            None if after("echo", text).is_some() => cx.reply(self.texts.help.as_str()),
            None => cx.decline_or_reply(self.texts.help.as_str()),
        }
        Ok(())
    }

    fn commands(&self) -> Vec<Command> {
        let ping = Command::new("ping", "answers pong");
        vec![ping, Command::new("echo <text>", "repeats the text")]
    }
}

fn answer(text: &str) -> Option<&str> {
    if text.trim().eq_ignore_ascii_case("ping") {
        return Some("pong");
    }
    after("echo", text).filter(|echoed| !echoed.is_empty())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::contracts::settings::build_part;

    #[rstest]
    #[case("ping", Some("pong"))]
    #[case(" PING ", Some("pong"))]
    #[case("pingpong", None)]
    #[case("echo hello there", Some("hello there"))]
    #[case("  Echo: Hello\nthere ", Some("Hello\nthere "))]
    #[case("ECHO,;: x", Some("x"))]
    #[case("echo", None)]
    #[case("echo ;", None)]
    #[case("echoes of you", None)]
    #[case("hello", None)]
    #[case("ééé", None)]
    #[case("", None)]
    fn echo_counts_as_a_separate_word_only(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(answer(text), expected);
    }

    #[rstest]
    #[case(json!({"texts": {"hlep": "?"}}), "texts.hlep")]
    #[case(json!({"text": {}}), "text")]
    #[case(json!({"texts": {"help": ""}}), "texts.help")]
    #[case(json!({"texts": {"help": 5}}), "texts.help")]
    fn bad_setting_is_reported_with_its_key(#[case] properties: Value, #[case] key: &str) {
        let errors = build_part(properties.as_object().unwrap(), Echo::new).err().unwrap();
        assert!(errors.to_string().starts_with(&format!("{key}: ")), "{errors}");
    }
}
