//! The smallest handler that does something: `ping` gets `pong`, `echo X` gets `X`. A place to start
//! a handler of one's own from.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value};
use validator::Validate;

use crate::contracts::handler::{Context, Handler, HandlerError};
use crate::model::message::Inbound;
use crate::model::topic::Properties;

pub const NAME: &str = "echo";

/// Builds the handler from its topic's `[properties]`.
///
/// # Errors
/// Every setting that cannot be used, each with its fix.
pub fn build(properties: &Properties) -> Result<Box<dyn Handler>, Vec<String>> {
    let settings: Settings = serde_json::from_value(Value::Object(Map::clone(properties)))
        .map_err(|error| vec![format!("properties: {error}; echo knows texts.help alone")])?;
    settings.texts.validate().map_err(|_| {
        vec![
            "properties.texts.help must have 1 to 1600 characters; leave it out for the default"
                .to_owned(),
        ]
    })?;
    Ok(Box::new(Echo { texts: settings.texts }))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    texts: Texts,
}

#[derive(Deserialize, Validate)]
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

struct Echo {
    texts: Texts,
}

#[async_trait]
impl Handler for Echo {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result<(), HandlerError> {
        // The provider has answered an opt-out word already; a second answer would not arrive.
        if message.opt_out.is_none() {
            cx.reply(answer(message.text.reveal()).unwrap_or(&self.texts.help));
        }
        Ok(())
    }
}

fn answer(text: &str) -> Option<&str> {
    if text.trim().eq_ignore_ascii_case("ping") {
        return Some("pong");
    }
    let (keyword, rest) = text.trim_start().split_at_checked("echo".len())?;
    let said = rest.trim_start_matches(is_separator);
    // Without a separator it is another word that starts alike: "echoes".
    let bounded = said.len() < rest.len();
    (keyword.eq_ignore_ascii_case("echo") && bounded && !said.is_empty()).then_some(said)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | ':')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

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
    fn echo_is_a_word_of_its_own(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(answer(text), expected);
    }

    #[rstest]
    #[case(json!({"texts": {"hlep": "?"}}), "hlep")]
    #[case(json!({"text": {}}), "text")]
    #[case(json!({"texts": {"help": ""}}), "texts.help")]
    #[case(json!({"texts": {"help": 5}}), "texts.help")]
    fn a_bad_setting_is_named(#[case] properties: Value, #[case] named: &str) {
        let errors = build(properties.as_object().unwrap()).err().unwrap();
        assert!(errors.concat().contains(named), "{errors:?}");
    }
}
