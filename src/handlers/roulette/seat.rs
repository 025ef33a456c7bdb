//! A person's seat: the state of their conversation, as it is stored.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::past::Past;
use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};

/// Pool of waiting people, the longest waiting first.
pub(super) const WAITING: &str = "waiting";
/// Pool of people in a chat.
pub(super) const CHATTING: &str = "chatting";

/// Lifetime of a seat after its last write; a person who is silent for longer starts anew.
pub(super) const TTL: Duration = Duration::from_hours(30 * 24);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seat {
    pub address: Address,
    pub written: DateTime<Utc>,
    pub state: State,
    /// Partner of the chat that runs, or else of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_partner: Option<Group>,
    #[serde(flatten)]
    pub past: Past,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Idle,
    Waiting {
        since: DateTime<Utc>,
        /// The please-wait text was sent, once for this wait.
        #[serde(rename = "told")]
        notified: bool,
    },
    Chatting(Chat),
}

/// One side of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chat {
    /// Id that both sides share and no other chat has.
    pub id: String,
    pub with: Group,
    pub address: Address,
    pub since: DateTime<Utc>,
    /// Time of the first CALL, while its confirmation is open.
    #[serde(default, rename = "asked", skip_serializing_if = "Option::is_none")]
    pub call_requested_at: Option<DateTime<Utc>>,
}

impl Seat {
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Writes the seat, and moves its owner into the pool of its state. Nothing else changes the
    /// pools of people with a seat, so the two cannot disagree.
    pub(super) fn write(&mut self, tx: &mut Transaction, group: &Group) -> Result<()> {
        self.written = tx.now();
        tx.put(group.as_str(), self, TTL)?;
        let pool = match self.state {
            State::Idle => None,
            State::Waiting { .. } => Some(WAITING),
            State::Chatting(_) => Some(CHATTING),
        };
        for other in [WAITING, CHATTING].into_iter().filter(|other| Some(*other) != pool) {
            tx.take(other, group);
        }
        if let Some(pool) = pool {
            tx.insert(pool, group, TTL);
        }
        Ok(())
    }
}
