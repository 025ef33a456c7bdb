//! Relay of a person's text to the stranger.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

use super::pace::Pace;
use super::person::Person;
use super::seat::{Seat, State};
use super::{chat, limits, memory, notice, summary};
use crate::model::message::Inbound;

/// Time without answers after a loop, so that no answer of ours goes on with it.
const QUIET: TimeDelta = TimeDelta::minutes(10);

impl Person<'_> {
    /// Relays a text to the stranger, unless it makes the chat a loop.
    pub(super) async fn relay(&mut self, message: &Inbound) -> Result<()> {
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
        Ok(self.partners_pace().await?.is_some_and(|other| pace.is_loop(&other)))
    }

    /// Returns the pace of the other side. Theirs changes with each of their texts, with which a relay
    /// must not conflict.
    async fn partners_pace(&mut self) -> Result<Option<Pace>> {
        let State::Chatting(chat) = &self.seat.state else { return Ok(None) };
        let partner: Option<Seat> = self.cx.peek(chat.with.as_str()).await?;
        Ok(match partner.map(|partner| partner.state) {
            Some(State::Chatting(theirs)) if theirs.id == chat.id => theirs.pace,
            _ => None,
        })
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
}
