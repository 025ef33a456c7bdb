//! Reader of a partition, which sends what it finds.

use redis::{FromRedisValue, cmd};
use tokio::sync::mpsc::Sender;

use super::super::Redis;
use super::super::keys::tag;
use super::super::reply::decode;
use super::super::streams::PAGE;
use crate::contracts::storage::transfer::Record;
use crate::contracts::storage::{Partition, StorageError};

/// Number of values that one call reads, which may be large.
pub(super) const BATCH: usize = 200;

pub(super) type Sent<T = ()> = Result<T, StorageError>;

/// Reads the export of one partition.
pub(super) struct Export<'e> {
    pub(super) redis: &'e Redis,
    pub(super) to: &'e Sender<Vec<Record>>,
    pub(super) partition: &'e Partition,
    pub(super) now: i64,
}

impl Export<'_> {
    pub(super) async fn command<T: FromRedisValue>(
        &self,
        words: &[&str],
        key: &str,
        more: &[&str],
    ) -> Sent<T> {
        let mut command = cmd(words[0]);
        command.arg(format!("{}{key}", tag(self.partition))).arg(&words[1..]).arg(more);
        decode(self.redis.send_pooled(self.partition, &command).await?)
    }

    /// Runs through a sorted set, page by page.
    pub(super) async fn scored(&self, key: &str, first: usize) -> Sent<Vec<(String, f64)>> {
        let (from, to) = (first.to_string(), (first + PAGE - 1).to_string());
        self.command(&["ZRANGE"], key, &[&from, &to, "WITHSCORES"]).await
    }
}

pub(super) async fn send(to: &Sender<Vec<Record>>, records: Vec<Record>) -> Sent {
    if records.is_empty() {
        return Ok(());
    }
    let closed = |_| StorageError::Unavailable("the transfer was given up".to_owned());
    to.send(records).await.map_err(closed)
}

pub(super) fn corrupt(what: &str) -> StorageError {
    StorageError::Corrupt(format!("{what} of an unexpected shape"))
}

/// Returns a score, which is always a whole number below 2^53.
#[expect(clippy::cast_possible_truncation, reason = "scores are whole and far below 2^53")]
pub(super) fn whole(score: f64) -> i64 {
    score as i64
}
