//! Commands of one person, handled on their own mailbox.

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::absence;
use super::block;
use super::call;
use super::chat;
use super::command::Command;
use super::limits;
use super::lobby;
use super::notice::{self, Event};
use super::seat::{CHATTING, Chat, Seat, State, TTL, WAITING};
use super::settings::RouletteSettings;
use super::strikes;
use super::summary::{self, with_summary};
use super::texts::Texts;
use crate::contracts::handler::Context;
use crate::model::address::Group;
use crate::model::message::Inbound;
use crate::model::template::fill;

/// The sender of a message, with their seat.
pub(super) struct Person<'a> {
    pub(super) cx: &'a mut Context,
    pub(super) settings: &'a RouletteSettings,
    pub(super) texts: &'a Texts,
    pub(super) group: Group,
    pub(super) seat: Seat,
}

impl<'a> Person<'a> {
    /// Loads the sender's seat; a new sender gets an idle one.
    pub(super) async fn load(
        cx: &'a mut Context,
        settings: &'a RouletteSettings,
        message: &Inbound,
    ) -> Result<Self> {
        let group = cx.group();
        let stored: Option<Seat> = cx.state().await?;
        let seat = stored.unwrap_or_else(|| Seat::new(message.sender.clone(), cx.now()));
        Ok(Self { cx, settings, texts: &settings.texts, group, seat })
    }

    /// Carries out a command.
    pub(super) async fn obey(&mut self, command: Command, message: &Inbound) -> Result<()> {
        match command {
            Command::Connect => self.connect().await,
            Command::Disconnect => self.disconnect().await,
            Command::Refresh => self.refresh().await,
            Command::Call(code) => self.call(code, message.received_at).await,
            Command::Stats => self.stats().await,
            Command::Wait => self.go_on_waiting(message).await,
            Command::Block => self.block(block::Kind::Block).await,
            Command::Report => self.block(block::Kind::Report).await,
            Command::Relay => self.relay(message).await,
        }
    }

    /// Begins a wait again that ended by itself. In a chat the word is a text.
    async fn go_on_waiting(&mut self, message: &Inbound) -> Result<()> {
        match self.seat.state {
            State::Waiting { .. } => self.connect().await,
            State::Idle if self.seat.may_wait => self.wait().await,
            _ => self.relay(message).await,
        }
    }

    async fn connect(&mut self) -> Result<()> {
        match self.seat.state {
            State::Idle => self.wait().await,
            State::Chatting(_) => {
                self.notify(&self.texts.already_connected, Event::Connected);
                Ok(())
            }
            State::Waiting { notified, .. } => {
                // Without a first notification, the lobby's is on its way.
                if notified {
                    self.notify(&self.texts.please_wait, Event::Waiting);
                }
                // Keeps the place in the pool, and restores one that was lost.
                self.cx.insert(WAITING, &self.group, TTL);
                lobby::wake(self.cx)
            }
        }
    }

    async fn disconnect(&mut self) -> Result<()> {
        let farewell = self.with_summary(&self.texts.disconnected).await?;
        self.leave().await?;
        self.notify(&farewell, Event::Disconnected);
        Ok(())
    }

    /// Looks for another partner. A person who waits already keeps their place.
    async fn refresh(&mut self) -> Result<()> {
        if self.seat.is_waiting() {
            return self.connect().await;
        }
        let summary = self.with_summary("").await?;
        self.leave().await?;
        if !summary.is_empty() {
            self.cx.reply(summary);
        }
        self.wait().await
    }

    /// Returns a text to the sender with the summary of the chat that they leave, if they are in one.
    async fn with_summary(&mut self, text: &str) -> Result<String> {
        match &self.seat.state {
            State::Chatting(chat) => with_summary(self.cx, self.texts, chat, text).await,
            _ => Ok(text.to_owned()),
        }
    }

    /// Shares the sender's number on a CALL with the code of the question, and asks the question on any
    /// other. It stays open whatever is written in between; it ends with its time and with its chat.
    async fn call(&mut self, code: Option<u8>, received_at: DateTime<Utc>) -> Result<()> {
        let Some((mut chat, mut partner)) = self.both_sides().await? else {
            self.cx.reply(self.texts.call_without_chat.as_str());
            return Ok(());
        };
        if self.seat.address.is_socket() {
            self.cx.reply(self.texts.no_number_to_share.as_str());
            return Ok(());
        }
        let (seat, now) = (&mut self.seat, self.cx.now());
        if code.is_some_and(|code| call::is_confirmed(seat, &chat, code, received_at)) {
            chat.call_requested_at = None;
            let number = seat.address.identity.reveal();
            let text = fill(&self.texts.shared_number, &[("number", number)]);
            self.cx.send(&partner.address, text);
        } else {
            let code = call::ask(seat, &mut chat, now).to_string();
            self.cx.reply(fill(&self.texts.confirm_call, &[("code", &code)]));
        }
        let with = chat.with.clone();
        self.seat.state = State::Chatting(chat);
        self.seat.write(self.cx, &self.group)?;
        partner.write(self.cx, &with)
    }

    async fn stats(&mut self) -> Result<()> {
        let waiting = self.waiting().await?.to_string();
        let chatting = self.cx.size(CHATTING).await?.to_string();
        let pairs = self.cx.total(&lobby::pairs_counter(self.cx.now())).await?.to_string();
        let own = match &self.seat.state {
            State::Chatting(chat) => {
                let duration = summary::format_duration(self.cx.now() - chat.since);
                fill(&self.texts.stats_own_chat, &[("duration", &duration)])
            }
            _ => self.texts.stats_no_chat.clone(),
        };
        let values =
            [("waiting", &*waiting), ("chatting", &*chatting), ("pairs", &*pairs), ("own", &*own)];
        self.cx.reply(fill(&self.texts.stats, &values));
        Ok(())
    }

    /// Returns the number of waiting people as the sender may know it. One who is barred in the shadow
    /// would wonder why they are not paired with any of the others.
    async fn waiting(&mut self) -> Result<u64> {
        if self.cx.is_shadowed(&self.seat.address).await? {
            return Ok(u64::from(self.seat.is_waiting()));
        }
        self.cx.size(WAITING).await
    }

    async fn block(&mut self, kind: block::Kind) -> Result<()> {
        block::block(self.cx, self.texts, &self.group, &mut self.seat, kind).await
    }

    async fn leave(&mut self) -> Result<()> {
        chat::leave(self.cx, self.texts, &self.group, &mut self.seat).await
    }

    async fn wait(&mut self) -> Result<()> {
        if let Some(left) = strikes::cool_down(self.cx, &self.seat.address).await? {
            let time = summary::format_duration(left);
            self.cx.reply(fill(&self.texts.cooling_down, &[("time", &time)]));
            return Ok(());
        }
        let since = self.cx.now();
        self.seat.state = State::Waiting { since, notified: false };
        self.seat.may_wait = false;
        self.seat.write(self.cx, &self.group)?;
        limits::schedule_wait(self.cx, self.settings)?;
        // The text may have been in the queue for longer than its socket was open.
        let address = &self.seat.address;
        if address.is_socket() && !self.cx.is_connected(address).await? {
            absence::schedule(self.cx)?;
        }
        lobby::wake(self.cx)
    }

    fn notify(&mut self, text: &str, event: Event) {
        notice::notify(self.cx, &self.seat.address, text, event);
    }

    pub(super) async fn both_sides(&mut self) -> Result<Option<(Chat, Seat)>> {
        chat::both_sides(self.cx, &self.group, &mut self.seat).await
    }
}
