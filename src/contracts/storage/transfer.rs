//! Transfer of all that a store holds to another one.

use async_trait::async_trait;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Sender;

use super::encoding::DUPLICATE_DAYS;
use super::error::StorageError;
use super::queue::{Partition, Queue};
use crate::model::address::Group;
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// Span in which digests are remembered together, in milliseconds. They are known until the end of the
/// span after it.
pub const DIGEST_SPAN: i64 = DUPLICATE_DAYS.cast_signed() * 86_400_000;

/// State of a group that nobody works on. Its time is a place in line for the first and the last, and the
/// time of the retry for a delayed one.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Waiting {
    Ready,
    Delayed,
    Suspect,
}

/// Record of a store, in the form that all stores share. Times are milliseconds since 1970; what has ended
/// is no record.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub enum Record {
    Topic {
        topic: TopicName,
        partitions: u16,
    },
    Queue {
        queue: Queue,
        /// Messages that it ever got; the sequence of the newest.
        received: i64,
        removed: i64,
    },
    Mailbox(Box<MailboxRecord>),
    /// Turn of a line that has ready groups.
    Line {
        queue: Queue,
        line: String,
        turn: i64,
    },
    Wake {
        queue: Queue,
        group: Group,
        id: MessageId,
        payload: String,
        due: i64,
    },
    DeadLetter {
        queue: Queue,
        /// Place among those of the queue, the oldest first.
        place: u64,
        at: i64,
        group: Group,
        id: MessageId,
        payload: String,
        reason: String,
    },
    Value {
        partition: Partition,
        key: String,
        value: String,
        ends: i64,
    },
    Counter {
        partition: Partition,
        name: String,
        total: i64,
        ends: i64,
    },
    Member {
        partition: Partition,
        pool: String,
        group: Group,
        ticket: i64,
        ends: i64,
    },
    /// Digest for deduplication.
    Known {
        partition: Partition,
        digest: Vec<u8>,
        /// Number of the span in which it was remembered.
        span: i64,
    },
    /// Digest of a provider's id that is known to be sent.
    Sent {
        partition: Partition,
        digest: Vec<u8>,
        ends: i64,
    },
    /// Outbound messages that an inbound one waits for.
    Owed {
        partition: Partition,
        message: MessageId,
        remaining: i64,
    },
    Event {
        partition: Partition,
        place: u64,
        at: i64,
        message: MessageId,
        kinds: String,
        detail: String,
    },
    Pause {
        topic: TopicName,
        scope: String,
        code: u32,
        reason: String,
        ends: i64,
    },
    FeedLine {
        feed: String,
        /// Newer lines of the feed.
        newer: u64,
        text: String,
        /// Position that keeps the order, in microseconds. Each store has its own.
        #[serde(skip)]
        number: i64,
        #[serde(skip)]
        ends: Option<i64>,
    },
}

/// Messages of a group, and the state of the first.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MailboxRecord {
    pub queue: Queue,
    pub group: Group,
    pub waiting: Waiting,
    pub at: i64,
    pub attempts: u32,
    pub isolated: u32,
    pub failures: u32,
    pub outcome_unknown: Option<i64>,
    pub note: Option<String>,
    /// Sequence, id and payload of each.
    pub messages: Vec<(u64, MessageId, String)>,
}

impl Record {
    /// Names of the kinds, in the order of [`kind`](Self::kind).
    pub const KINDS: [&str; 15] = [
        "topics",
        "queues",
        "mailboxes",
        "lines",
        "timers",
        "dead letters",
        "values",
        "counters",
        "pool members",
        "deduplication",
        "sent messages",
        "open replies",
        "events",
        "pauses",
        "feed lines",
    ];

    /// Returns the index of the record's kind.
    pub fn kind(&self) -> usize {
        match self {
            Self::Topic { .. } => 0,
            Self::Queue { .. } => 1,
            Self::Mailbox(_) => 2,
            Self::Line { .. } => 3,
            Self::Wake { .. } => 4,
            Self::DeadLetter { .. } => 5,
            Self::Value { .. } => 6,
            Self::Counter { .. } => 7,
            Self::Member { .. } => 8,
            Self::Known { .. } => 9,
            Self::Sent { .. } => 10,
            Self::Owed { .. } => 11,
            Self::Event { .. } => 12,
            Self::Pause { .. } => 13,
            Self::FeedLine { .. } => 14,
        }
    }

    /// Returns the time at which the record ends by itself.
    pub fn ends(&self) -> Option<i64> {
        match self {
            Self::Value { ends, .. }
            | Self::Counter { ends, .. }
            | Self::Member { ends, .. }
            | Self::Sent { ends, .. }
            | Self::Pause { ends, .. } => Some(*ends),
            Self::Known { span, .. } => Some(end_of_span(*span)),
            Self::FeedLine { ends, .. } => *ends,
            _ => None,
        }
    }

    /// Returns a digest of all that must be the same in every store.
    pub fn digest(&self) -> u128 {
        let text = serde_json::to_vec(self).expect("a record is strings and numbers throughout");
        let mut first = [0; 16];
        first.copy_from_slice(&Sha256::digest(text)[..16]);
        u128::from_be_bytes(first)
    }
}

/// Returns the time until which digests of a span are known.
pub fn end_of_span(span: i64) -> i64 {
    span.saturating_add(2).saturating_mul(DIGEST_SPAN)
}

/// Returns the span of a digest that is known until a time.
pub fn span_until(ends: i64) -> i64 {
    ends.saturating_add(DIGEST_SPAN - 1).div_euclid(DIGEST_SPAN) - 2
}

/// Store whose data can be read and filled as a whole, while no process runs on it.
#[async_trait]
pub trait Transfer: Send + Sync {
    /// Sends every record. Claims count as lost. It ends early when there is no receiver any more.
    async fn export(&self, records: Sender<Vec<Record>>) -> Result<(), StorageError>;

    /// Stores records of another store.
    async fn import(&self, records: Vec<Record>) -> Result<(), StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_keeps_its_span_in_both_stores() {
        for at in [0, 1, DIGEST_SPAN - 1, DIGEST_SPAN, 1_700_000_000_123] {
            // One store remembers a digest for a span; the other until the end of the next one.
            let span = span_until(at + DIGEST_SPAN);
            assert!(end_of_span(span) >= at + DIGEST_SPAN, "{at}");
            assert_eq!(span_until(end_of_span(span)), span, "{at}");
        }
        assert_eq!(span_until(1_700_000_000_123 + DIGEST_SPAN), 1_700_000_000_123 / DIGEST_SPAN);
    }

    #[test]
    fn digest_of_a_record_covers_all_but_the_place_of_a_feed_line() {
        let line = |text: &str, newer, number| Record::FeedLine {
            feed: "news".to_owned(),
            newer,
            text: text.to_owned(),
            number,
            ends: None,
        };
        assert_eq!(line("a", 0, 1).digest(), line("a", 0, 2).digest());
        assert_ne!(line("a", 0, 1).digest(), line("b", 0, 1).digest());
        assert_ne!(line("a", 0, 1).digest(), line("a", 1, 1).digest());
    }
}
