//! Anonymous chat of two: a person who connects is paired with another one who waits, and the texts
//! of one reach the other without a number.
//!
//! Every person has a *seat*, stored under their group's own id; the pools `waiting` and `chatting`
//! list who sits where. Commands run on the sender's mailbox. Pairing runs on the lobby, a mailbox
//! of its own, so that one run of it sees all waiting people and no other run pairs meanwhile.
//!
//! **A relay reads nothing, and writes no more than the sender's own seat and the text itself, sealed, for
//! a report that may come.** What the two seats of a chat say of it is always written in one commit and
//! with one time to live: when they are paired, when the chat ends, when a number is asked for, and when
//! a text comes after a tenth of the time that makes a chat idle, or after a day. So while one seat names
//! a chat, the other names the same one. The sender's seat comes with the message and is checked again
//! when the message completes; that proves the partner's seat too. The sender's pace, by which loops are
//! found, is in their own seat, whose time to live it leaves as it is. Without `loop_guard` and
//! `report_memory` a relay writes nothing at all.
//!
//! A person is a phone or a page with a socket; neither learns which of them the other is.
//!
//! Commands that read both seats change them only when they name the same chat; a partner in a newer
//! chat is left alone.

use crate::contracts::handler::{Context, Handler, Removal, Result, Transaction};
use crate::model;
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Wake};

mod absence;
mod block;
mod blocked;
mod call;
mod chat;
mod command;
mod limits;
mod lobby;
mod matching;
mod meeting;
mod memory;
mod notice;
mod pace;
mod past;
mod person;
mod relay;
mod removal;
mod seat;
mod settings;
mod strikes;
mod summary;
mod texts;

use command::Vocabulary;
use person::Person;
pub use settings::RouletteSettings;

/// Handler of anonymous chats between two people.
pub struct Roulette {
    settings: RouletteSettings,
    vocabulary: Vocabulary,
}

impl Roulette {
    /// Creates the handler, or reports every setting that cannot work.
    pub fn new(mut settings: RouletteSettings) -> Result<Self> {
        settings.check()?;
        if !settings.summary {
            settings.texts.summary.clear();
        }
        let vocabulary = Vocabulary::new(&settings.synonyms);
        Ok(Self { settings, vocabulary })
    }
}

impl Default for Roulette {
    fn default() -> Self {
        Self::new(RouletteSettings::default()).expect("the default settings are valid")
    }
}

impl Handler for Roulette {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        // A signal of a page, such as `typing`: only a person with a page could send or see it.
        if message.sender.is_socket() && message.parameters.get("type").is_some() {
            return Ok(());
        }
        let command = self.vocabulary.command(message.text.reveal());
        let mut person = Person::load(cx, &self.settings, message).await?;
        person.obey(command, message).await
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        match wake.name.as_str() {
            lobby::PAIR => lobby::pair(tx, &self.settings).await,
            limits::WAIT => limits::end_wait(tx, &self.settings).await,
            limits::CHAT => limits::check(tx, &self.settings).await,
            absence::OVER => absence::over(tx, &self.settings.texts, wake).await,
            _ => Ok(()),
        }
    }

    async fn opted_out(&self, cx: &mut Context, _: &Inbound) -> Result {
        chat::leave_for_good(cx, &self.settings.texts).await
    }

    async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        absence::end(cx, &connection.address).await
    }

    async fn disconnected(&self, tx: &mut Transaction, end: &Disconnection) -> Result {
        absence::begin(tx, &self.settings.texts, end.was_lost).await
    }

    async fn undeliverable(&self, tx: &mut Transaction, _: u32) -> Result {
        removal::undeliverable(tx, &self.settings.texts).await
    }

    async fn removed(&self, tx: &mut Transaction, removal: Removal) -> Result {
        removal::removed(tx, &self.settings.texts, removal).await
    }

    fn greeting(&self) -> Option<&str> {
        Some("SMSRoulette!")
    }

    fn commands(&self) -> Vec<model::command::Command> {
        self.settings.synonyms.offered()
    }
}
