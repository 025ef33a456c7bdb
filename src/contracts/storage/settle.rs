//! Settlements: the ends of a claim.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::claim::{Claim, Claimed};
use super::queue::Entry;
use crate::model::address::Group;
use crate::model::event::Facts;
use crate::model::message::MessageId;
use crate::model::state::{Check, Write};

/// Commit: everything that becomes true when a message completes, or nothing of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    /// Reads that must still give the same result.
    pub checks: Vec<Check>,
    pub writes: Vec<Write>,
    /// Messages for the partition's outbox.
    pub outbox: Vec<Entry>,
    /// Limit of the messages that wait for the recipient; none when absent.
    pub recipient: Option<RecipientLimit>,
    /// Wakes for the partition's inbound queue, now or at a time. A wake is dropped when an equal one
    /// waits unclaimed at the end of its group.
    pub wakes: Vec<(Entry, Option<DateTime<Utc>>)>,
    /// Inbound message of which this settles one of several outbound messages. With the last one the
    /// inbound message is recorded.
    pub settles: Option<MessageId>,
    /// Provider's id of the message that was sent, by which it is known in the provider's list.
    pub provider_id: Option<String>,
    pub facts: Option<Facts>,
}

/// Limit of the messages that wait for one recipient of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientLimit {
    /// Group of the recipient's outbound messages.
    pub group: Group,
    /// Messages that may wait in it before the commit.
    pub max_depth: u64,
}

/// Result of a settlement.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled {
    Done,
    /// A check failed. Nothing has changed and the claim is still held: run the handler again.
    Conflict(Box<Claim>),
    /// Too many messages wait for the recipient. Nothing has changed and the claim is still held: retry it
    /// later.
    Congested(Box<Claim>),
    /// The claim was lost to its lease. Nothing has changed.
    LeaseLost,
}

/// Result of a settlement, and the claims that were requested with it. There is none after a conflict;
/// after a lost lease only when the answer to an earlier call of the same settlement was lost, and the
/// claims with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    pub settled: Settled,
    pub next: Claimed,
    pub owed: Claimed,
}

/// Return of a message to the head of its group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Delay until the message can be claimed again.
    pub after: Duration,
    /// Counts as a failure of the message.
    pub failed: bool,
    /// Keeps `outcome_unknown_since`, because the message may have reached the provider.
    pub outcome_unknown: bool,
    /// Note for the next claim.
    pub note: Option<String>,
    pub facts: Option<Facts>,
}

/// Move of a message to the dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burial {
    pub reason: String,
    pub writes: Vec<Write>,
    /// Messages for the outbox: the error text for its sender.
    pub outbox: Vec<Entry>,
    /// As in [`Commit`].
    pub settles: Option<MessageId>,
    pub facts: Option<Facts>,
}
