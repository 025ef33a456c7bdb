//! Claims: a message in hand, under a lease.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::queue::Queue;
use crate::model::address::{Group, LineKey};
use crate::model::message::MessageId;

/// What a worker asks for when it wants a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// New for each claim, never used again: 128 random bits.
    pub token: Token,
    pub lease: Duration,
    /// Also look for expired leases, due retries and due wakes first.
    pub reclaim: bool,
    /// Lines and transports from which nothing is claimed. Only groups of an outbox have a line.
    pub closed: Vec<LineKey>,
}

/// Proves that a claim is still ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// 128 bits from the operating system: it cannot collide, even after a store was rolled back.
    pub fn random() -> Self {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(hex::encode(bytes))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message that is ours to work on until its lease ends.
#[derive(PartialEq, Eq)]
pub struct Claim {
    pub queue: Queue,
    pub group: Group,
    pub token: Token,
    /// The message's place in its queue; with the token, what settling it is fenced by.
    pub sequence: u64,
    pub id: MessageId,
    pub payload: String,
    /// Claims of this message that nobody has settled, this one included: the number of workers it
    /// may have killed, plus one.
    pub attempt: u32,
    /// Claims of it while it was a suspect, that is: alone in quarantine, this one included.
    pub isolated: u32,
    /// Failures that were reported with [`Storage::retry`].
    pub failures: u32,
    /// Since when the outcome of an earlier claim is unknown, if it is: it may have got as far as the provider.
    pub outcome_unknown_since: Option<DateTime<Utc>>,
    /// What the last [`Storage::retry`] left for us.
    pub note: Option<String>,
    /// The state under the group's own id, so that reading it costs no round trip.
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
    /// Whether this message is suspected of killing its worker, so that it must be worked on alone.
    pub fn is_suspect(&self) -> bool {
        self.isolated > 0
    }
}

/// What came of asking for a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Claimed {
    Message(Box<Claim>),
    /// Nothing is ready; something is due after this time, if anything is.
    Empty {
        next_due: Option<Duration>,
    },
}
