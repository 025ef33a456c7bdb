//! Settlements: how a claim ends.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::claim::{Claim, Claimed};
use super::queue::Entry;
use crate::model::event::Facts;
use crate::model::message::MessageId;
use crate::model::state::{Check, Write};

/// Everything that becomes true when a message completes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    pub checks: Vec<Check>,
    pub writes: Vec<Write>,
    /// Into the partition's outbox.
    pub outbox: Vec<Entry>,
    /// Into the partition's own inbound queue, now or at a time. One whose like waits at the end of
    /// its group already, in nobody's hands, is dropped.
    pub wakes: Vec<(Entry, Option<DateTime<Utc>>)>,
    /// Inbound messages one of whose outbound messages is settled by this; whoever has none left
    /// is recorded.
    pub settles: Option<MessageId>,
    /// The provider's id of what was sent, to tell our own messages in its list.
    pub provider_id: Option<String>,
    pub facts: Option<Facts>,
}

/// What became of a settlement.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled {
    Done,
    /// A read would come out otherwise now. Nothing has changed, the claim is still ours: run the
    /// handler again.
    Conflict(Box<Claim>),
    /// The message is not ours any more. Nothing has changed by our hand.
    LeaseLost,
}

/// A settlement and the claim that was asked for with it, in one round trip. There is none after a
/// conflict; after a lost lease only when the answer to an earlier call of the same settlement was
/// lost, and the claim with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    pub settled: Settled,
    pub next: Option<Claimed>,
}

/// How a message goes back to the head of its group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    pub after: Duration,
    /// It counts as a failure.
    pub failed: bool,
    /// Whether what it does outside of the store may have happened: then `outcome_unknown_since` stays.
    pub outcome_unknown: bool,
    /// For whoever claims it next.
    pub note: Option<String>,
    pub facts: Option<Facts>,
}

/// How a message goes among the dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burial {
    pub reason: String,
    /// What we owe because of it: the word to its sender that it failed.
    pub outbox: Vec<Entry>,
    pub settles: Option<MessageId>,
    pub facts: Option<Facts>,
}
