//! Reading the lines of feeds.

use redis::cmd;
use tokio::sync::mpsc::Sender;

use super::super::Redis;
use super::super::error::to_storage_error;
use super::super::keys::feed;
use super::super::reply::decode;
use super::super::streams::{PAGE, StreamEntry};
use super::reader::{Sent, corrupt, send};
use crate::contracts::storage::transfer::Record;

/// Sends the lines of a feed. Those of a feed with an age end that long after their publication.
pub(super) async fn feed_lines(
    redis: &Redis,
    to: &Sender<Vec<Record>>,
    name: &str,
    now: i64,
) -> Sent {
    let key = feed(name);
    // The tag of a feed is that of no partition, and leads to its node all the same.
    let of_feed = async |command: redis::Cmd| {
        let mut connection = redis.pool.get().await?;
        let reply = connection.send(&command, &key).await;
        reply.map_err(|error| to_storage_error(&error))
    };
    let mut range = cmd("XRANGE");
    range.arg(&key).arg("-").arg("+");
    let entries: Vec<StreamEntry> = decode(of_feed(range).await?)?;
    let mut expiry = cmd("PEXPIRETIME");
    expiry.arg(&key);
    let expiry: i64 = decode(of_feed(expiry).await?)?;
    let mut lines = Vec::with_capacity(entries.len());
    for (id, mut fields) in entries {
        let (millis, number) = id.split_once('-').ok_or_else(|| corrupt("a line of a feed"))?;
        let (millis, number): (i64, i64) = millis
            .parse()
            .ok()
            .zip(number.parse().ok())
            .ok_or_else(|| corrupt("a line of a feed"))?;
        let text = fields.remove("l").ok_or_else(|| corrupt("a line of a feed"))?;
        lines.push((millis, number.min(999), text));
    }
    let age = lines.last().filter(|_| expiry >= 0).map(|(millis, ..)| expiry - millis);
    lines.retain(|(millis, ..)| age.is_none_or(|age| millis + age > now));
    let (count, mut last) = (lines.len() as u64, 0);
    let records = (1..).zip(lines).map(|(nth, (millis, number, text))| {
        last = (millis * 1000 + number).max(last + 1);
        let ends = age.map(|age| millis + age);
        Record::FeedLine { feed: name.to_owned(), newer: count - nth, text, number: last, ends }
    });
    let records: Vec<Record> = records.collect();
    for batch in records.chunks(PAGE) {
        send(to, batch.to_vec()).await?;
    }
    Ok(())
}
