//! Strangers talk: whoever connects is paired with somebody else who waits, and what one of them
//! writes reaches the other without a number.
//!
//! Every person has a *seat*, stored under their group's own id; the pools `waiting` and `chatting`
//! name who sits where. People act on their own mailbox. Pairing is the lobby's, a mailbox of its
//! own, so that one run of it sees everybody who waits and nobody else pairs meanwhile.
//!
//! **Why a relay reads and writes nothing.** The two seats of a chat are always written in one
//! commit and with one time to live: when they are paired, when the chat ends, when a number is
//! asked for, and once a day. So while one seat names a chat, the other names the same one. A
//! person's own seat comes with their message and is checked again when it completes; with it, the
//! partner's seat is proved too. Only so that a living chat does not expire, both seats are written
//! again by the first message after a day.
//!
//! Where both seats are read anyway, they must name the same chat before one is changed: whoever
//! sits in a newer chat is left alone.

use async_trait::async_trait;

use crate::contracts::handler::{Context, Handler, HandlerError, UNDELIVERABLE};
use crate::model::message::{Inbound, OptOut, Wake};
use crate::model::topic::Properties;

mod command;
mod lobby;
mod matching;
mod person;
mod seat;
mod settings;
mod texts;

use command::{Asked, Synonyms};
use person::Person;
use texts::Texts;

pub const NAME: &str = "roulette";

/// Builds the handler from its topic's `[properties]`: `texts` and `synonyms`, all optional.
///
/// # Errors
/// Every setting that cannot be used, each with its fix.
pub fn build(properties: &Properties) -> Result<Box<dyn Handler>, Vec<String>> {
    let (texts, synonyms) = settings::read(properties)?;
    Ok(Box::new(Roulette { texts, synonyms }))
}

struct Roulette {
    texts: Texts,
    synonyms: Synonyms,
}

#[async_trait]
impl Handler for Roulette {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result<(), HandlerError> {
        let asked = match message.opt_out {
            Some(OptOut::Stop) => Asked::Stop,
            // The provider has answered.
            Some(OptOut::Start | OptOut::Help) => return Ok(()),
            None => self.synonyms.understand(message.text.reveal()),
        };
        let mut person = Person::arrive(cx, &self.texts, message).await?;
        match asked {
            Asked::Connect => person.connect()?,
            Asked::Disconnect => person.disconnect().await?,
            Asked::Refresh => person.refresh().await?,
            Asked::Call => person.call().await?,
            Asked::Stats => person.stats().await?,
            // The provider has answered, and blocks whatever we would say.
            Asked::Stop => person.leave().await?,
            Asked::Relay => person.relay(message).await?,
        }
        Ok(())
    }

    async fn wake(&self, cx: &mut Context, wake: &Wake) -> Result<(), HandlerError> {
        match wake.name.as_str() {
            lobby::PAIR => lobby::pair(cx, &self.texts).await?,
            // Nobody should go on talking to somebody who hears nothing.
            UNDELIVERABLE => {
                if let Some(mut person) = Person::at_home(cx, &self.texts).await? {
                    person.leave().await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
