//! Claims: messages in hand, each under a lease.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::queue::Queue;
use crate::model::address::{Group, LineKey};
use crate::model::message::MessageId;

/// Request for the next messages of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Token of the claims, never used before.
    pub token: Token,
    pub lease: Duration,
    /// Messages to claim at most; at least 1.
    pub max: usize,
    /// Reclaims expired leases, due retries and due wakes first, and claims a suspect before all others.
    pub reclaim: bool,
    /// Lines and transports from which nothing is claimed. Only groups of an outbox have a line.
    pub closed: Vec<LineKey>,
}

/// Fencing token: it proves that a claim has not been taken over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// Makes a token of 128 bits from the operating system, which cannot collide, even after a store
    /// was rolled back.
    pub fn random() -> Self {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(hex::encode(bytes))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Message to work on until its lease expires.
#[derive(PartialEq, Eq)]
pub struct Claim {
    pub queue: Queue,
    pub group: Group,
    pub token: Token,
    /// Place of the message in its queue. Settlements are fenced by it and by the token.
    pub sequence: u64,
    pub id: MessageId,
    pub payload: String,
    /// Claims of this message without a settlement, this one included: the number of workers that it
    /// may have killed, plus one.
    pub attempt: u32,
    /// Claims of this message while it was in quarantine as a suspect, this one included.
    pub isolated: u32,
    /// Failures that [`Queues::retry`](super::Queues::retry) has counted.
    pub failures: u32,
    /// Time since which the outcome of an earlier claim is unknown: the message may have reached the
    /// provider.
    pub outcome_unknown_since: Option<DateTime<Utc>>,
    /// Note that the last [`Queues::retry`](super::Queues::retry) left for this claim.
    pub note: Option<String>,
    /// Value stored under the group's own id, so that reading it costs no round trip.
    pub state: Option<String>,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("queue", &self.queue)
            .field("group", &self.group)
            .field("sequence", &self.sequence)
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .field("isolated", &self.isolated)
            .field("failures", &self.failures)
            .field("outcome_unknown_since", &self.outcome_unknown_since)
            .finish_non_exhaustive()
    }
}

impl Claim {
    /// Returns true when the message is suspected of killing its worker, so that it must be worked on
    /// alone.
    pub fn is_suspect(&self) -> bool {
        self.isolated > 0
    }
}

/// Result of a request for claims.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The messages that were ready, as many as requested at most, each of another group.
    pub claims: Vec<Claim>,
    /// Time until a lease ends, or a retry or a wake is due, as it was before these claims. Only a request
    /// that reclaims is told.
    pub next_due: Option<Duration>,
}

/// Claims that are requested together with a completion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NextClaims {
    /// Of the queue of the message that is completed.
    pub next: Option<ClaimRequest>,
    /// Of the partition's outbox, which has the messages of the commit by then.
    pub owed: Option<ClaimRequest>,
}
