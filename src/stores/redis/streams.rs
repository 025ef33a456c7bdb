//! Pages of streams: dead letters and events.

use std::collections::HashMap;

use redis::cmd;

use super::Redis;
use super::reply::decode;
use crate::contracts::storage::{Partition, StorageError};

/// Number of entries that one call reads, so that other callers do not wait long.
pub(super) const PAGE: usize = 1_000;

/// Id and fields of an entry.
pub(super) type StreamEntry = (String, HashMap<String, String>);

impl Redis {
    /// Returns up to `limit` entries after the one of this id, or from the oldest on, oldest first.
    pub(super) async fn entries_after(
        &self,
        partition: &Partition,
        key: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamEntry>, StorageError> {
        let mut range = cmd("XRANGE");
        range.arg(key).arg(bound(after, "-")?).arg("+").arg("COUNT").arg(limit);
        decode(self.send_pooled(partition, &range).await?)
    }

    /// Returns up to `limit` entries before the one of this id, or from the newest on, newest first.
    pub(super) async fn entries_before(
        &self,
        partition: &Partition,
        key: &str,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamEntry>, StorageError> {
        let mut range = cmd("XREVRANGE");
        range.arg(key).arg(bound(before, "+")?).arg("-").arg("COUNT").arg(limit);
        decode(self.send_pooled(partition, &range).await?)
    }
}

/// Returns the bound of a range that leaves out the entry of this id, or `end` without one.
fn bound(id: Option<&str>, end: &str) -> Result<String, StorageError> {
    let Some(id) = id else { return Ok(end.to_owned()) };
    checked(id).map(|id| format!("({id}"))
}

/// Returns the id of an entry as Redis takes it. Redis would refuse any other text with an error that
/// looks like a failure of the store.
pub(super) fn checked(id: &str) -> Result<&str, StorageError> {
    let is_number = |part: &str| part.parse::<u64>().is_ok();
    match id.split_once('-') {
        Some((millis, number)) if is_number(millis) && is_number(number) => Ok(id),
        _ => Err(StorageError::Corrupt("a position that this store did not issue".to_owned())),
    }
}
