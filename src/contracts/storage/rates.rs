//! Rates: what holds a message back that its line would take: the rate of the line, the budget of the day,
//! and texts that repeat themselves.

use std::time::Duration;

use async_trait::async_trait;

use super::error::StorageError;
use crate::model::topic::TopicName;

/// Life of a day's counts.
pub const SPENDING_TTL: Duration = Duration::from_hours(72);

/// Segments that a bucket may owe for its last message at most. One that owes more was left by a clock that
/// was ahead, or by another rate.
pub const MOST_OWED: u32 = 32;

/// Request to send one message. What it asks for is counted when all of it is admitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Cost in segments.
    pub cost: u32,
    pub bucket: Option<Bucket>,
    pub budgets: Vec<Budget>,
    pub repeat: Option<Repeat>,
}

/// Token bucket of a line. It holds segments, and may owe those of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub key: String,
    /// Time in which one segment is filled in.
    pub interval: Duration,
    /// Time in which the bucket is filled.
    pub capacity: Duration,
    /// Time of filling that is left for others.
    pub reserve: Duration,
}

/// Segments that may be sent on a day (UTC), and which of them are counted. A message that costs more is
/// sent when nothing else was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Prefix of the recipients, such as `+44`; blank for all of them.
    pub scope: String,
    pub segments: u64,
}

/// Equal texts under one key, of which there may be so many within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    pub key: String,
    /// Fingerprint of the text.
    pub value: String,
    /// Id of the message, which counts once.
    pub id: String,
    pub limit: u32,
    pub window: Duration,
}

/// Answer to an [`Admission`]. Only an admitted message is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// Admitted; a further message of the line will be admitted after this time. It is counted on this day,
    /// in days since 1970.
    Yes { next: Duration, day: u64 },
    /// The bucket is too empty for this time.
    Later(Duration),
    /// The budget of this index is spent, until the day ends after this time.
    Spent { budget: usize, ends_in: Duration },
    /// The same text was sent too often.
    Repeated,
}

/// Segments of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    pub spent: u64,
    /// Segments that an operator has added to the budget of this day.
    pub added: u64,
}

/// Rates and budgets of sending, which all processes of a deployment share, by the store's own clock.
///
/// A call whose answer was lost may count twice: less is sent then, and never more.
#[async_trait]
pub trait Rates: Send + Sync {
    /// Admits a message, or says what holds it back.
    async fn admit(
        &self,
        topic: &TopicName,
        admission: &Admission,
    ) -> Result<Admitted, StorageError>;

    /// Takes back what a message that was not sent has cost, on the day of its admission.
    async fn refund(
        &self,
        topic: &TopicName,
        budgets: &[Budget],
        cost: u32,
        day: u64,
    ) -> Result<(), StorageError>;

    /// Returns what was spent today of the budget of a scope.
    async fn spending(&self, topic: &TopicName, scope: &str) -> Result<Spending, StorageError>;

    /// Adds segments to today's budget of a scope.
    async fn raise(
        &self,
        topic: &TopicName,
        scope: &str,
        segments: u64,
    ) -> Result<(), StorageError>;
}
