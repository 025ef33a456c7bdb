//! Ping: `ping` gets `pong`. An app of routers that says whether the server is there.

use crate::contracts::handler::{Context, Handler, Result};
use crate::model::command::Command;
use crate::model::keyword::normalize;
use crate::model::message::Inbound;

/// Handler that answers a ping.
pub struct Ping;

impl Handler for Ping {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        if normalize(message.text.reveal()) == "ping" {
            cx.reply("pong");
        } else {
            cx.decline_or_reply("To test the connection, send: PING");
        }
        Ok(())
    }

    fn commands(&self) -> Vec<Command> {
        vec![Command::new("ping", "tests the connection")]
    }
}
