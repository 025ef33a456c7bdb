//! Commands of one person, handled on their own mailbox.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

use super::absence;
use super::block;
use super::call;
use super::chat;
use super::command::Command;
use super::limits;
use super::lobby;
use super::memory;
use super::notice::{self, Event};
use super::pace::Pace;
use super::seat::{CHATTING, Chat, Seat, State, TTL, WAITING};
use super::settings::RouletteSettings;
use super::strikes;
use super::summary::{self, with_summary};
use super::texts::Texts;
use crate::contracts::handler::Context;
use crate::model::address::Group;
use crate::model::message::Inbound;
use crate::model::template::fill;

/// Time without answers after a loop, so that no answer of ours goes on with it.
const QUIET: TimeDelta = TimeDelta::minutes(10);

/// The sender of a message, with their seat.
pub(super) struct Person<'a> {
    cx: &'a mut Context,
    settings: &'a RouletteSettings,
    texts: &'a Texts,
    group: Group,
    seat: Seat,
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
            Command::Wait if self.seat.is_waiting() => self.connect().await,
            Command::Wait if self.seat.may_wait && self.seat.state == State::Idle => {
                self.wait().await
            }
            Command::Wait => self.relay(message).await,
            Command::Block => self.block(block::Kind::Block).await,
            Command::Report => self.block(block::Kind::Report).await,
            Command::Relay => self.relay(message).await,
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
        let waiting = self.cx.size(WAITING).await?.to_string();
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

    async fn relay(&mut self, message: &Inbound) -> Result<()> {
        self.renew_seats().await?;
        let State::Chatting(chat) = &self.seat.state else {
            if self.seat.quiet_until.is_none_or(|until| until <= self.cx.now()) {
                self.cx.reply(self.texts.relay_without_chat.as_str());
            }
            return Ok(());
        };
        let text = notice::cleaned(self.settings, &message.text);
        if text.reveal().is_empty() && message.media.is_empty() {
            return Ok(());
        }
        let (id, partner) = (chat.id.clone(), chat.address.clone());
        if self.is_in_loop(text.reveal(), message.received_at).await? {
            let (end, until) = ((&self.group, self.seat.clone()), self.cx.now() + QUIET);
            return chat::end(self.cx, self.texts, end, &self.texts.loop_ended, Some(until)).await;
        }
        memory::keep(self.cx, self.settings.report_memory, &id, message)?;
        summary::count(self.cx, self.texts, &id);
        notice::relay(self.cx, self.texts, &partner, &text, &message.media);
        Ok(())
    }

    /// Notes the text in the sender's pace, and returns whether the chat is a loop with it.
    async fn is_in_loop(&mut self, text: &str, received_at: DateTime<Utc>) -> Result<bool> {
        let State::Chatting(chat) = &mut self.seat.state else { return Ok(false) };
        if !self.settings.loop_guard {
            return Ok(false);
        }
        let pace = chat.pace.get_or_insert_default();
        pace.add(text, received_at);
        let pace = Some(pace.clone()).filter(Pace::is_suspicious);
        self.seat.amend(self.cx)?;
        let Some(pace) = pace else { return Ok(false) };
        let other = match self.both_sides().await? {
            Some((_, Seat { state: State::Chatting(theirs), .. })) => theirs.pace,
            _ => None,
        };
        Ok(other.is_some_and(|other| pace.is_loop(&other)))
    }

    async fn block(&mut self, kind: block::Kind) -> Result<()> {
        block::block(self.cx, self.texts, &self.group, &mut self.seat, kind).await
    }

    async fn leave(&mut self) -> Result<()> {
        chat::leave(self.cx, self.texts, &self.group, &mut self.seat).await
    }

    async fn wait(&mut self) -> Result<()> {
        if let Some(left) = strikes::cool_down(self.cx, &mut self.seat).await? {
            let time = summary::format_duration(left);
            self.cx.reply(fill(&self.texts.cooling_down, &[("time", &time)]));
            return Ok(());
        }
        let since = self.cx.now();
        self.seat.state = State::Waiting { since, notified: false };
        self.seat.may_wait = false;
        self.seat.write(self.cx, &self.group)?;
        limits::schedule_wait(self.cx, self.settings, since)?;
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

    /// Writes both seats of a chat again when they are old, or say that the chat is idle.
    async fn renew_seats(&mut self) -> Result<()> {
        let is_nudged = matches!(&self.seat.state, State::Chatting(chat) if chat.is_nudged);
        let age = (self.cx.now() - self.seat.written).to_std().unwrap_or_default();
        if !is_nudged && age <= limits::stale_after(self.settings) {
            return Ok(());
        }
        let Some((chat, partner)) = self.both_sides().await? else { return Ok(()) };
        let sides = [(&self.group, &mut self.seat), (&chat.with, &mut { partner })];
        for (group, seat) in sides {
            if let State::Chatting(chat) = &mut seat.state {
                chat.is_nudged = false;
            }
            seat.write(self.cx, group)?;
        }
        Ok(())
    }

    async fn both_sides(&mut self) -> Result<Option<(Chat, Seat)>> {
        chat::both_sides(self.cx, &self.group, &mut self.seat).await
    }
}
