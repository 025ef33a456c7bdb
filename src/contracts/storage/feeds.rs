//! Feeds: logs of bounded length.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::error::StorageError;

/// A line of a feed: a log of fixed length that everybody may read, and follow as it grows.
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

/// Where in a feed a line stands. Only its own store can read it.
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
    /// Appends a line to a feed, which keeps about its newest `keep`. When the answer is lost, the
    /// line may stand there twice.
    async fn publish(&self, feed: &str, line: &str, keep: u64) -> Result<(), StorageError>;

    /// The lines of a feed behind `after`, or all that are kept, oldest first. When there is none,
    /// waits for one, at most for `patience`.
    ///
    /// # Errors
    /// `Corrupt` when `after` is no place of this store's.
    async fn follow(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<FeedEntry>, StorageError>;
}
