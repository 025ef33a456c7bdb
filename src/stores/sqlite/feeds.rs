//! Feeds.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::params;

use super::Sqlite;
use super::transaction::{Notification, StorageResult, Transaction, to_i64};
use crate::contracts::storage::encoding::FOLLOW_LIMIT;
use crate::contracts::storage::{FeedCursor, FeedEntry, FeedLimits, Feeds, StorageError};

/// Interval at which a process that only reads polls a feed, since it gets no notifications.
const POLL: Duration = Duration::from_millis(250);

#[async_trait]
impl Feeds for Sqlite {
    async fn publish(
        &self,
        feed: &str,
        line: &str,
        limits: FeedLimits,
    ) -> Result<FeedCursor, StorageError> {
        self.check_reserve()?;
        let (feed, line) = (feed.to_owned(), line.to_owned());
        self.write(move |tx| publish(tx, &feed, &line, limits)).await
    }

    async fn follow(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<FeedEntry>, StorageError> {
        let after = entry_number(after)?;
        let subscription = self.notifiers.subscribe(feed);
        let mut timeout = std::pin::pin!(tokio::time::sleep(patience));
        loop {
            let mut entry = std::pin::pin!(subscription.next_entry());
            // Subscribes before the read, so that no entry is missed in between.
            entry.as_mut().enable();
            let entries = {
                let feed = feed.to_owned();
                self.read(move |tx| entries(tx, &feed, after)).await?
            };
            if !entries.is_empty() || patience.is_zero() {
                return Ok(entries);
            }
            tokio::select! {
                () = &mut timeout => return Ok(Vec::new()),
                () = entry => {}
                () = tokio::time::sleep(POLL), if self.writer.is_none() => {}
            }
        }
    }
}

/// Appends an entry to a feed, and removes those beyond its limits.
fn publish(
    tx: &mut Transaction<'_>,
    feed: &str,
    line: &str,
    limits: FeedLimits,
) -> StorageResult<FeedCursor> {
    let until = tx.in_future(limits.age.unwrap_or(Duration::MAX));
    // Numbers begin at the time: with a new file, or when all entries have expired, an old cursor must
    // not match an entry.
    let number = tx.query_number(
        "INSERT INTO feeds (feed, number, line, until) VALUES
             (?1, 1 + coalesce((SELECT max(number) FROM feeds WHERE feed = ?1), ?3), ?2, ?4)
         RETURNING number",
        params![feed, line, tx.ticket, until],
    )?;
    let number = number.unwrap_or_default();
    // The newest entry stays, since the next number is counted from it.
    let oldest = number.saturating_sub(to_i64(limits.lines.max(1)));
    tx.execute("DELETE FROM feeds WHERE feed = ?1 AND number <= ?2", params![feed, oldest])?;
    remove_expired(tx)?;
    tx.notifications.push(Notification::FeedEntry(feed.to_owned()));
    Ok(FeedCursor::new(number.to_string()))
}

/// Removes the entries of all feeds whose time is over.
pub(super) fn remove_expired(tx: &Transaction<'_>) -> StorageResult<()> {
    tx.execute("DELETE FROM feeds WHERE until <= ?1", [tx.now]).map(drop)
}

/// Returns the number of the entry that a cursor names; 0 for the beginning.
fn entry_number(after: Option<&FeedCursor>) -> StorageResult<i64> {
    let Some(cursor) = after else { return Ok(0) };
    let digits = cursor.as_str().bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| cursor.as_str().parse().ok()).flatten();
    number.ok_or_else(|| {
        StorageError::Corrupt("a feed cursor that this store did not issue".to_owned())
    })
}

fn entries(tx: &Transaction<'_>, feed: &str, after: i64) -> StorageResult<Vec<FeedEntry>> {
    tx.query_all(
        "SELECT number, line FROM feeds WHERE feed = ?1 AND number > ?2 AND until > ?3
         ORDER BY number LIMIT ?4",
        params![feed, after, tx.now, FOLLOW_LIMIT],
        |row| {
            let place = FeedCursor::new(row.get::<_, i64>(0)?.to_string());
            Ok(FeedEntry { place, text: row.get(1)? })
        },
    )
}
