//! What somebody does from their own mailbox.

use anyhow::Result;
use chrono::TimeDelta;

use super::lobby;
use super::seat::{CHATTING, Chat, Seat, State, TTL, WAITING, other_side};
use super::texts::{Texts, fill};
use crate::contracts::handler::Context;
use crate::model::address::Group;
use crate::model::message::Inbound;
use crate::model::segment;

/// The longest text that a provider takes in one message, in characters.
const LONGEST: usize = 1600;
/// How long the question whether to share a number stands.
const CONFIRMATION: TimeDelta = TimeDelta::minutes(2);
/// The age from which on a chat's seats are written again, well before they expire.
const STALE: TimeDelta = TimeDelta::days(1);

/// Whoever wrote, at their seat.
pub(super) struct Person<'a> {
    cx: &'a mut Context,
    texts: &'a Texts,
    group: Group,
    seat: Seat,
}

impl<'a> Person<'a> {
    pub(super) async fn arrive(
        cx: &'a mut Context,
        texts: &'a Texts,
        message: &Inbound,
    ) -> Result<Self> {
        let group = cx.group().clone();
        let seat = cx.get(group.as_str()).await?.unwrap_or_else(|| Seat {
            address: message.sender.clone(),
            written: cx.now(),
            state: State::Idle,
            last_partner: None,
        });
        Ok(Self { cx, texts, group, seat })
    }

    /// Whoever this mailbox is, if they have a seat.
    pub(super) async fn at_home(cx: &'a mut Context, texts: &'a Texts) -> Result<Option<Self>> {
        let group = cx.group().clone();
        let seat = cx.get(group.as_str()).await?;
        Ok(seat.map(|seat| Self { cx, texts, group, seat }))
    }

    pub(super) fn connect(&mut self) -> Result<()> {
        match self.seat.state {
            State::Idle => self.wait(),
            State::Chatting(_) => {
                self.cx.reply(self.texts.already_connected.as_str());
                Ok(())
            }
            State::Waiting { told, .. } => {
                // Whoever has not been told yet is about to hear from the lobby.
                if told {
                    self.cx.reply(self.texts.please_wait.as_str());
                }
                // A place that is still held is not taken twice; one that was lost is found again.
                self.cx.insert(WAITING, &self.group, TTL);
                lobby::call(self.cx)
            }
        }
    }

    pub(super) async fn disconnect(&mut self) -> Result<()> {
        self.leave().await?;
        self.cx.reply(self.texts.disconnected.as_str());
        Ok(())
    }

    /// Whoever waits already keeps their place.
    pub(super) async fn refresh(&mut self) -> Result<()> {
        if self.seat.is_waiting() {
            return self.connect();
        }
        self.leave().await?;
        self.wait()
    }

    /// The question stays open whatever is said meanwhile: chatting on is no answer to it. It ends
    /// with its time and with its chat.
    pub(super) async fn call(&mut self) -> Result<()> {
        let now = self.cx.now();
        let Some((mut chat, mut peer)) = self.both_sides().await? else {
            self.cx.reply(self.texts.call_without_chat.as_str());
            return Ok(());
        };
        if chat.asked.is_some_and(|asked| now - asked <= CONFIRMATION) {
            chat.asked = None;
            let number = self.seat.address.identity.reveal();
            let text = fill(&self.texts.shared_number, &[("number", number)]);
            self.cx.send(&peer.address, text);
        } else {
            chat.asked = Some(now);
            self.cx.reply(self.texts.confirm_call.as_str());
        }
        let with = chat.with.clone();
        self.seat.state = State::Chatting(chat);
        self.seat.write(self.cx, &self.group)?;
        peer.write(self.cx, &with)
    }

    pub(super) async fn stats(&mut self) -> Result<()> {
        let waiting = self.cx.size(WAITING).await?.to_string();
        let chatting = self.cx.size(CHATTING).await?.to_string();
        let pairs = self.cx.total(&lobby::pairs_on(self.cx.now())).await?.to_string();
        let own = match &self.seat.state {
            State::Chatting(chat) => {
                let duration = clock_face(self.cx.now() - chat.since);
                fill(&self.texts.stats_own_chat, &[("duration", &duration)])
            }
            _ => self.texts.stats_no_chat.clone(),
        };
        let values =
            [("waiting", &*waiting), ("chatting", &*chatting), ("pairs", &*pairs), ("own", &*own)];
        self.cx.reply(fill(&self.texts.stats, &values));
        Ok(())
    }

    pub(super) async fn relay(&mut self, message: &Inbound) -> Result<()> {
        if self.cx.now() - self.seat.written > STALE {
            self.keep_alive().await?;
        }
        let State::Chatting(chat) = &self.seat.state else {
            self.cx.reply(self.texts.relay_without_chat.as_str());
            return Ok(());
        };
        let mut media = message.media.clone();
        for part in segment::split(message.text.reveal(), &self.texts.relay_prefix, LONGEST) {
            self.cx.send_media(&chat.address, part, std::mem::take(&mut media));
        }
        Ok(())
    }

    /// Ends whatever they are in, and tells whom they leave behind.
    pub(super) async fn leave(&mut self) -> Result<()> {
        if self.seat.state == State::Idle {
            return Ok(());
        }
        if let Some((chat, mut peer)) = self.both_sides().await? {
            peer.state = State::Idle;
            peer.write(self.cx, &chat.with)?;
            self.cx.send(&peer.address, self.texts.peer_disconnected.as_str());
        }
        self.seat.state = State::Idle;
        self.seat.write(self.cx, &self.group)
    }

    fn wait(&mut self) -> Result<()> {
        self.seat.state = State::Waiting { since: self.cx.now(), told: false };
        self.seat.write(self.cx, &self.group)?;
        lobby::call(self.cx)
    }

    async fn keep_alive(&mut self) -> Result<()> {
        if let Some((chat, mut peer)) = self.both_sides().await? {
            self.seat.write(self.cx, &self.group)?;
            peer.write(self.cx, &chat.with)?;
        }
        Ok(())
    }

    /// Their chat, and the seat on its other side. A chat that has no other side is over.
    async fn both_sides(&mut self) -> Result<Option<(Chat, Seat)>> {
        let State::Chatting(chat) = &self.seat.state else { return Ok(None) };
        if let Some(peer) = other_side(self.cx, chat).await? {
            return Ok(Some((chat.clone(), peer)));
        }
        self.seat.state = State::Idle;
        self.seat.write(self.cx, &self.group)?;
        Ok(None)
    }
}

/// Hours, minutes and seconds, without words that would need a translation.
fn clock_face(duration: TimeDelta) -> String {
    let seconds = duration.num_seconds().max(0);
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
