//! Where somebody sits, and how it is written down.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::contracts::handler::Context;
use crate::model::address::{Address, Group};

/// Who waits, the longest first.
pub(super) const WAITING: &str = "waiting";
/// Who chats.
pub(super) const CHATTING: &str = "chatting";

/// How long a seat outlives its last writing. Whoever has not been heard of for longer than this
/// starts anew.
pub(super) const TTL: Duration = Duration::from_hours(30 * 24);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seat {
    pub address: Address,
    pub written: DateTime<Utc>,
    pub state: State,
    /// Whom they were paired with last, the chat that runs included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_partner: Option<Group>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Idle,
    Waiting {
        since: DateTime<Utc>,
        /// They were told to wait, once for this wait.
        told: bool,
    },
    Chatting(Chat),
}

/// One side of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chat {
    /// The same on both sides, and of no other chat.
    pub id: String,
    pub with: Group,
    pub address: Address,
    pub since: DateTime<Utc>,
    /// When they were asked whether they want to share their number, while that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<DateTime<Utc>>,
}

impl Seat {
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Writes the seat, and moves its owner into the pool that it belongs to: nothing else touches
    /// the pools of those who have a seat, so that they cannot disagree.
    pub(super) fn write(&mut self, cx: &mut Context, group: &Group) -> Result<()> {
        self.written = cx.now();
        cx.put(group.as_str(), self, TTL)?;
        let pool = match self.state {
            State::Idle => None,
            State::Waiting { .. } => Some(WAITING),
            State::Chatting(_) => Some(CHATTING),
        };
        for other in [WAITING, CHATTING].into_iter().filter(|other| Some(*other) != pool) {
            cx.take(other, group);
        }
        if let Some(pool) = pool {
            cx.insert(pool, group, TTL);
        }
        Ok(())
    }
}

/// The seat of whom `chat` is with, as long as it is the other side of this very chat.
pub(super) async fn other_side(cx: &mut Context, chat: &Chat) -> Result<Option<Seat>> {
    let seat: Option<Seat> = cx.get(chat.with.as_str()).await?;
    Ok(seat.filter(|seat| matches!(&seat.state, State::Chatting(theirs) if theirs.id == chat.id)))
}
