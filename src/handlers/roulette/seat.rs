//! A person's seat: the state of their conversation, as it is stored.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::pace::Pace;
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
    /// Code of the last question that a CALL was answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_code: Option<u8>,
    /// The last wait ended by itself, and WAIT begins it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_wait: bool,
    /// Time until which texts without a chat get no answer: a program would answer that again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<DateTime<Utc>>,
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
    /// Time of the question that a CALL was answered with, until it is confirmed.
    #[serde(default, rename = "asked", skip_serializing_if = "Option::is_none")]
    pub call_requested_at: Option<DateTime<Utc>>,
    /// Both sides were told that the chat is idle, and have not written since.
    #[serde(default, rename = "nudged", skip_serializing_if = "std::ops::Not::not")]
    pub is_nudged: bool,
    /// Pace of this side, where the topic looks for loops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
}

impl Seat {
    /// Creates the seat of a person who comes for the first time.
    pub(super) fn new(address: Address, now: DateTime<Utc>) -> Self {
        Self {
            address,
            written: now,
            state: State::Idle,
            last_partner: None,
            call_code: None,
            may_wait: false,
            quiet_until: None,
            past: Past::default(),
        }
    }

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

    /// Writes the seat of the mailbox's owner and nothing else. It expires when it would have anyway, so
    /// that the other seat of its chat still does at the same time.
    pub(super) fn amend(&self, tx: &mut Transaction) -> Result<()> {
        let age = (tx.now() - self.written).to_std().unwrap_or_default();
        tx.set_state(self, TTL.saturating_sub(age).max(Duration::from_secs(1)))
    }
}
