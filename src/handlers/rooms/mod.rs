//! Timed chat rooms: a person asks for a room and shares its link or its code; all who come see every
//! text, after the word filter; when its time is up (10 minutes by default) the room is gone.
//!
//! People come by socket, with a token, or by phone, with a code. A room has two sides: what people
//! write reaches the *send side*, which is this handler; the *receive side* are the lines that it
//! sends to the room. Nothing else is sent there, so no text bypasses the filter.
//!
//! A room is one value. Every text reads it, so that it conflicts with whatever changes the room:
//! who is inside, muted or removed is exact for each text. A person's own mailbox holds the id of
//! their room (`Seat`). Timers run on the mailbox of the room. All of it ends with the room.

use crate::contracts::handler::{Context, Handler, Result, Transaction};
use crate::model::command::Command;
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Wake};

mod announce;
mod code;
mod command;
mod create;
mod dispatch;
mod entrance;
mod exit;
mod filter;
mod history;
mod moderation;
mod name;
mod random;
mod room;
mod rules;
mod settings;
mod talk;
mod texts;
mod timers;
mod tokens;

use rules::Rules;
pub use settings::RoomsSettings;

/// Handler of timed chat rooms.
pub struct Rooms {
    rules: Rules,
}

impl Rooms {
    /// Creates the handler, or reports every setting that cannot work.
    pub fn new(settings: RoomsSettings) -> Result<Self> {
        Ok(Self { rules: Rules::new(settings)? })
    }
}

impl Handler for Rooms {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        dispatch::message(cx, &self.rules, message).await
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        match wake.name.as_str() {
            exit::GONE => exit::gone(tx, &self.rules, wake).await,
            timers::WARN | timers::END | timers::IDLE => timers::ring(tx, &self.rules, wake).await,
            _ => Ok(()),
        }
    }

    async fn opted_out(&self, cx: &mut Context, _: &Inbound) -> Result {
        exit::leave(cx, &self.rules).await?;
        Ok(())
    }

    async fn undeliverable(&self, tx: &mut Transaction, _: u32) -> Result {
        exit::leave(tx, &self.rules).await?;
        Ok(())
    }

    async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        dispatch::connected(cx, &self.rules, connection).await
    }

    async fn disconnected(&self, tx: &mut Transaction, end: &Disconnection) -> Result {
        exit::disconnected(tx, &self.rules, end).await
    }

    fn greeting(&self) -> Option<&str> {
        Some("10 Minute Chat")
    }

    fn commands(&self) -> Vec<Command> {
        vec![
            Command::new("new", "opens a room"),
            Command::new("join <code>", "enters a room"),
            Command::new("who", "lists the people in the room"),
            Command::new("name <name>", "changes your name"),
            Command::new("leave", "leaves the room"),
        ]
    }
}
