//! The part of a seat that outlasts its chats.

use serde::{Deserialize, Serialize};

use super::matching::Waiter;
use super::seat::{Chat, Seat, State};
use crate::model::address::Group;

/// Memory of a seat besides the last partner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Past {
    /// Id of the chat with the last partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_chat: Option<String>,
    /// Partners before the last one, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Group>,
    /// Copy of the people whom the owner has blocked, for the lobby, which reads seats alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<Group>,
    /// True when the owner was barred in the shadow as they began to wait.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadowed: bool,
}

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
