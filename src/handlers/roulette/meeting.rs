//! Meetings: how a seat remembers whom its owner has met.

use super::past::Past;
use super::seat::{Chat, Seat, State};

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
}
