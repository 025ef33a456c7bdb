//! Feeds: a stream each, outside of every partition.

use std::collections::HashMap;
use std::time::Duration;

use redis::{Cmd, Value, cmd};

use super::claims::decode;
use crate::contracts::storage::{FeedCursor, FeedEntry, StorageError};
use crate::model::clock::millis;

/// Behind nothing: in front of the first line.
const BEGINNING: &str = "0-0";

/// No topic's tag has a colon before its name, so a feed is nobody's partition.
pub(super) fn key(feed: &str) -> String {
    format!("{{feed:{feed}}}")
}

pub(super) fn append(key: &str, line: &str, keep: u64) -> Cmd {
    let mut command = cmd("XADD");
    command.arg(key).arg("MAXLEN").arg("~").arg(keep).arg("*").arg("l").arg(line);
    command
}

/// A place as Redis takes it. One that is not of this store's making would be refused with an error
/// that looks like trouble.
pub(super) fn place(after: Option<&FeedCursor>) -> Result<&str, StorageError> {
    let Some(place) = after else { return Ok(BEGINNING) };
    let is_number = |part: &str| part.parse::<u64>().is_ok();
    match place.as_str().split_once('-') {
        Some((millis, number)) if is_number(millis) && is_number(number) => Ok(place.as_str()),
        _ => Err(StorageError::Corrupt("a place that is in no feed".to_owned())),
    }
}

pub(super) fn range(key: &str, after: &str) -> Cmd {
    let mut command = cmd("XRANGE");
    command.arg(key).arg(format!("({after}")).arg("+");
    command
}

pub(super) fn block(key: &str, after: &str, patience: Duration) -> Cmd {
    let mut command = cmd("XREAD");
    // Redis takes a timeout of zero for "for ever".
    command.arg("BLOCK").arg(millis(patience).max(1)).arg("STREAMS").arg(key).arg(after);
    command
}

/// Reads what XRANGE gave.
pub(super) fn read(entries: Value) -> Result<Vec<FeedEntry>, StorageError> {
    let entries: Vec<(String, HashMap<String, String>)> = decode(entries)?;
    let line = |(place, mut fields): (String, HashMap<String, String>)| {
        let text = fields.remove("l")?;
        Some(FeedEntry { place: FeedCursor::new(place), text })
    };
    entries
        .into_iter()
        .map(|entry| line(entry).ok_or_else(|| StorageError::Corrupt("a feed's line".to_owned())))
        .collect()
}

/// Reads what XREAD gave: the same for each stream, or nothing when the time was over.
pub(super) fn heard(answer: Value) -> Result<Vec<FeedEntry>, StorageError> {
    let streams: Option<Vec<(String, Value)>> = decode(answer)?;
    streams.into_iter().flatten().next().map_or(Ok(Vec::new()), |(_, entries)| read(entries))
}
