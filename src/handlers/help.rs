//! Help: an app of routers that lists the commands of its router's apps.

use std::fmt::Write;

use serde::Deserialize;
use validator::Validate;

use crate::contracts::handler::{Context, Handler, Result};
use crate::model::command::Command;
use crate::model::keyword::normalize;
use crate::model::message::Inbound;

/// Settings of help: the table `texts`, with the text `intro` above the list.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct HelpSettings {
    #[validate(nested)]
    texts: Texts,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
struct Texts {
    #[validate(length(min = 1, max = 160))]
    intro: String,
}

impl Default for Texts {
    fn default() -> Self {
        Self { intro: "You can send:".to_owned() }
    }
}

/// Handler that lists commands.
pub struct Help {
    texts: Texts,
}

impl Help {
    /// Creates the handler, or reports every setting that cannot work.
    pub fn new(settings: HelpSettings) -> Result<Self> {
        settings.validate()?;
        Ok(Self { texts: settings.texts })
    }
}

impl Handler for Help {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        if normalize(message.text.reveal()) == "help" {
            let text = list(&self.texts.intro, cx.commands());
            cx.reply(text);
        } else {
            cx.decline_or_reply(list(&self.texts.intro, &Handler::commands(self)));
        }
        Ok(())
    }

    fn commands(&self) -> Vec<Command> {
        vec![Command::new("help", "lists the commands")]
    }
}

/// Returns a text with one line for each command.
fn list(intro: &str, commands: &[Command]) -> String {
    let mut text = intro.to_owned();
    for Command { text: command, help } in commands {
        let separator = if help.is_empty() { "" } else { ": " };
        // Writing to a text cannot fail.
        let _ = write!(text, "\n{}{separator}{help}", command.to_uppercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_has_a_line_for_each_command() {
        let commands = [Command::new("echo <text>", "repeats it"), Command::new("ping", "")];
        assert_eq!(list("Send:", &commands), "Send:\nECHO <TEXT>: repeats it\nPING");
    }
}
