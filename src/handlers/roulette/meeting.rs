//! Meetings: how a seat is matched, and how it remembers whom its owner has met.

use super::matching::Waiter;
use super::past::Past;
use super::seat::{Chat, Seat, State};
use crate::model::address::Group;

impl Seat {
    /// Puts the owner into a chat, and remembers as many partners, the new one included.
    pub(super) fn meet(&mut self, chat: Chat, remembered: usize) {
        let Past { last_chat, earlier, .. } = &mut self.past;
        *last_chat = Some(chat.id.clone());
        if let Some(last) = self.last_partner.replace(chat.with.clone()) {
            earlier.retain(|partner| *partner != last && *partner != chat.with);
            earlier.insert(0, last);
        }
        earlier.retain(|partner| *partner != chat.with);
        earlier.truncate(remembered.saturating_sub(1));
        self.state = State::Chatting(chat);
    }

    /// Returns the owner as the matching sees them.
    pub(super) fn waiter<'a>(&'a self, group: &'a Group, id: &'a Group) -> Waiter<'a> {
        Waiter {
            group,
            last_partner: self.last_partner.as_ref(),
            earlier: &self.past.earlier,
            person: &self.address.identity,
            id,
            blocked: &self.past.blocked,
            shadowed: self.past.shadowed,
        }
    }
}
