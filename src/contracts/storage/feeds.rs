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

/// Limits of a feed. All lines of a feed are published with the same limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedLimits {
    /// Number of newest lines to keep, about.
    pub lines: u64,
    /// Maximum age. Each publication removes the lines that are older; when the newest line is older,
    /// the whole feed is gone.
    pub age: Option<Duration>,
}

impl FeedLimits {
    /// Keeps about the newest lines, for ever.
    pub const fn lines(lines: u64) -> Self {
        Self { lines, age: None }
    }

    /// Keeps lines up to this age only.
    #[must_use]
    pub const fn within(self, age: Duration) -> Self {
        Self { age: Some(age), ..self }
    }
}

/// Feeds: logs of bounded length that every process may read and follow.
#[async_trait]
pub trait Feeds: Send + Sync {
    /// Appends a line to a feed, removes the lines beyond its limits, and returns the position of the
    /// new line. The line may be appended twice when the answer is lost.
    async fn publish(
        &self,
        feed: &str,
        line: &str,
        limits: FeedLimits,
    ) -> Result<FeedCursor, StorageError>;

    /// Returns the lines of a feed after `after`, or from its oldest one, in order, at most
    /// [`FOLLOW_LIMIT`](super::encoding::FOLLOW_LIMIT). Waits for a line when there is none, at most
    /// for `patience`; many callers may wait at once.
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
