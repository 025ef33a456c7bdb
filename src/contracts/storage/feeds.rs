//! Feeds: logs of bounded length.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::error::StorageError;

/// Line of a feed.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedEntry {
    pub place: FeedCursor,
    pub text: String,
}

impl fmt::Debug for FeedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedEntry").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Position of a line in a feed. Only the store that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedCursor(String);

impl FeedCursor {
    pub fn new(place: impl Into<String>) -> Self {
        Self(place.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Feeds: logs of bounded length that every process may read and follow.
#[async_trait]
pub trait Feeds: Send + Sync {
    /// Appends a line to a feed, which keeps about its newest `keep` lines. The line may be appended
    /// twice when the answer is lost.
    async fn publish(&self, feed: &str, line: &str, keep: u64) -> Result<(), StorageError>;

    /// Returns the lines of a feed after `after`, or all that are kept, oldest first. Waits for a
    /// line when there is none, at most for `patience`.
    ///
    /// # Errors
    /// `Corrupt` when `after` is no position of this store's.
    async fn follow(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<FeedEntry>, StorageError>;
}
