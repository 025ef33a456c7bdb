//! Admission: what a push asks of the store about its sender, besides the room in the queue.

use std::time::Duration;

use super::queue::Entry;

/// Rate of one sender: a token bucket in the store's state, by the store's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderRate {
    /// Key of the state that holds the bucket.
    pub bucket: String,
    /// Time in which the bucket gets the room of one message back.
    pub interval: Duration,
    /// Messages that a full bucket lets through at once; at least 1.
    pub burst: u32,
    /// Message for the sender of a dropped one.
    pub notice: Option<Once>,
}

/// Outbound message that is put into the outbox at most once within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Key of the state that remembers it for that time.
    pub key: String,
    pub every: Duration,
    pub entry: Entry,
}
