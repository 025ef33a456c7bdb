//! Commands of one person, handled on their own mailbox.

use anyhow::Result;
use chrono::TimeDelta;

use super::absence;
use super::block;
use super::chat;
use super::command::Command;
use super::lobby;
use super::memory;
use super::notice::{self, Event};
use super::past::Past;
use super::seat::{CHATTING, Chat, Seat, State, TTL, WAITING};
use super::settings::RouletteSettings;
use super::strikes;
use super::texts::Texts;
use crate::contracts::handler::Context;
use crate::model::address::Group;
use crate::model::message::Inbound;
use crate::model::template::fill;

/// Time within which a second CALL confirms the first one.
const CONFIRMATION: TimeDelta = TimeDelta::minutes(2);
/// Age at which the seats of a chat are written again, well before they expire.
const STALE: TimeDelta = TimeDelta::days(1);

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
        let seat = cx.state().await?.unwrap_or_else(|| Seat {
            address: message.sender.clone(),
            written: cx.now(),
            state: State::Idle,
            last_partner: None,
            past: Past::default(),
        });
        Ok(Self { cx, settings, texts: &settings.texts, group, seat })
    }

    /// Carries out a command.
    pub(super) async fn obey(&mut self, command: Command, message: &Inbound) -> Result<()> {
        match command {
            Command::Connect => self.connect().await,
            Command::Disconnect => self.disconnect().await,
            Command::Refresh => self.refresh().await,
            Command::Call => self.call().await,
            Command::Stats => self.stats().await,
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
        self.leave().await?;
        self.notify(&self.texts.disconnected, Event::Disconnected);
        Ok(())
    }

    /// Looks for another partner. A person who waits already keeps their place.
    async fn refresh(&mut self) -> Result<()> {
        if self.seat.is_waiting() {
            return self.connect().await;
        }
        self.leave().await?;
        self.wait().await
    }

    /// Shares the sender's number on a second CALL. The request stays open whatever is written in
    /// between; it ends with its time and with its chat.
    async fn call(&mut self) -> Result<()> {
        let now = self.cx.now();
        let Some((mut chat, mut partner)) = self.both_sides().await? else {
            self.cx.reply(self.texts.call_without_chat.as_str());
            return Ok(());
        };
        if self.seat.address.is_socket() {
            self.cx.reply(self.texts.no_number_to_share.as_str());
            return Ok(());
        }
        if chat.call_requested_at.is_some_and(|requested| now - requested <= CONFIRMATION) {
            chat.call_requested_at = None;
            let number = self.seat.address.identity.reveal();
            let text = fill(&self.texts.shared_number, &[("number", number)]);
            self.cx.send(&partner.address, text);
        } else {
            chat.call_requested_at = Some(now);
            self.cx.reply(self.texts.confirm_call.as_str());
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
                let duration = format_duration(self.cx.now() - chat.since);
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
        if self.cx.now() - self.seat.written > STALE {
            self.renew_seats().await?;
        }
        let State::Chatting(chat) = &self.seat.state else {
            self.cx.reply(self.texts.relay_without_chat.as_str());
            return Ok(());
        };
        memory::keep(self.cx, self.settings.report_memory, &chat.id, message)?;
        notice::relay(self.cx, self.texts, &chat.address, &message.text, &message.media);
        Ok(())
    }

    async fn block(&mut self, kind: block::Kind) -> Result<()> {
        block::block(self.cx, self.texts, &self.group, &mut self.seat, kind).await
    }

    async fn leave(&mut self) -> Result<()> {
        chat::leave(self.cx, self.texts, &self.group, &mut self.seat).await
    }

    async fn wait(&mut self) -> Result<()> {
        if let Some(left) = strikes::cool_down(self.cx, &mut self.seat).await? {
            let time = format_duration(left);
            self.cx.reply(fill(&self.texts.cooling_down, &[("time", &time)]));
            return Ok(());
        }
        self.seat.state = State::Waiting { since: self.cx.now(), notified: false };
        self.seat.write(self.cx, &self.group)?;
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

    async fn renew_seats(&mut self) -> Result<()> {
        if let Some((chat, mut partner)) = self.both_sides().await? {
            self.seat.write(self.cx, &self.group)?;
            partner.write(self.cx, &chat.with)?;
        }
        Ok(())
    }

    async fn both_sides(&mut self) -> Result<Option<(Chat, Seat)>> {
        chat::both_sides(self.cx, &self.group, &mut self.seat).await
    }
}

/// Returns hours, minutes and seconds, without words that would need a translation.
fn format_duration(duration: TimeDelta) -> String {
    let seconds = duration.num_seconds().max(0);
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
