//! Feeds: one stream each, outside of every partition.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value, cmd};

use super::call::{PlainCommand, ScriptCall};
use super::reply::decode;
use super::{MAX_BLOCK, Redis, keys, scripts, streams};
use crate::contracts::storage::encoding::FOLLOW_LIMIT;
use crate::contracts::storage::{FeedCursor, FeedEntry, FeedLimits, Feeds, StorageError};
use crate::model::clock::millis;

/// Cursor in front of the first entry.
const BEGINNING: &str = "0-0";

#[async_trait]
impl Feeds for Redis {
    async fn publish(
        &self,
        feed: &str,
        line: &str,
        limits: FeedLimits,
    ) -> Result<FeedCursor, StorageError> {
        let call = ScriptCall::on_key(&scripts::PUBLISH, keys::feed(feed))
            .without_replicas()
            .arg(line)
            .arg(limits.lines);
        let call = match limits.age {
            None => call.arg(""),
            Some(age) => call.millis(age.max(Duration::from_millis(1))),
        };
        Ok(FeedCursor::new(decode::<String>(self.shared.send(&call).await?)?))
    }

    async fn follow(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<FeedEntry>, StorageError> {
        let key = keys::feed(feed);
        let after = after.map_or(Ok(BEGINNING), |cursor| streams::checked(cursor.as_str()))?;
        if patience.is_zero() {
            let mut command = cmd("XRANGE");
            command.arg(&key).arg(format!("({after}")).arg("+");
            command.arg("COUNT").arg(FOLLOW_LIMIT);
            return parse_entries(self.shared.send(&PlainCommand { key, command }).await?);
        }
        let command = blocking_read(&key, after, patience.min(MAX_BLOCK));
        parse_streams(self.blocking.send(&key, &command).await?)
    }
}

fn blocking_read(key: &str, after: &str, patience: Duration) -> Cmd {
    let mut command = cmd("XREAD");
    // A timeout of zero would block for ever.
    command.arg("COUNT").arg(FOLLOW_LIMIT).arg("BLOCK").arg(millis(patience).max(1));
    command.arg("STREAMS").arg(key).arg(after);
    command
}

/// Parses a reply of XRANGE.
fn parse_entries(reply: Value) -> Result<Vec<FeedEntry>, StorageError> {
    let entries: Vec<(String, HashMap<String, String>)> = decode(reply)?;
    let entry = |(id, mut fields): (String, HashMap<String, String>)| {
        let text = fields.remove("l")?;
        Some(FeedEntry { place: FeedCursor::new(id), text })
    };
    let corrupt = || StorageError::Corrupt("a feed entry without its text".to_owned());
    entries.into_iter().map(|fields| entry(fields).ok_or_else(corrupt)).collect()
}

/// Parses a reply of XREAD: the entries of each stream, or nothing after a timeout.
fn parse_streams(reply: Value) -> Result<Vec<FeedEntry>, StorageError> {
    let streams: Option<Vec<(String, Value)>> = decode(reply)?;
    streams
        .into_iter()
        .flatten()
        .next()
        .map_or(Ok(Vec::new()), |(_, entries)| parse_entries(entries))
}
