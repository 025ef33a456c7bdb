//! Events of a partition, in a stream: field `m` is the message, `e` the kinds, `d` the detail.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use redis::{Value, cmd};

use super::keys::tag;
use super::reply::decode;
use super::{Redis, moves};
use crate::contracts::storage::{Partition, Records, StateReads, StorageError, encoding};
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;

/// Number of stream entries that one call reads, so that other callers do not wait long.
const PAGE: usize = 1_000;

#[async_trait]
impl Records for Redis {
    async fn record(&self, partition: &Partition, facts: Facts) -> Result<(), StorageError> {
        self.shared.send(&moves::record(partition, &facts)).await.map(drop)
    }

    async fn provider_id(
        &self,
        partition: &Partition,
        message: &MessageId,
    ) -> Result<Option<String>, StorageError> {
        Ok(self.values(partition, &[encoding::noted_key(message)]).await?.pop().flatten())
    }

    async fn events(
        &self,
        partition: &Partition,
        message: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError> {
        let mut events = Vec::new();
        let mut after = "-".to_owned();
        while let Some((last, page)) = self.page_of_events(partition, &after).await? {
            let is_wanted = |event: &Event| message.is_none_or(|message| event.message == *message);
            events.extend(page.into_iter().filter(is_wanted));
            after = format!("({last}");
        }
        Ok(events)
    }

    async fn known_sent(
        &self,
        partition: &Partition,
        provider_ids: &[String],
    ) -> Result<Vec<bool>, StorageError> {
        if provider_ids.is_empty() {
            return Ok(Vec::new());
        }
        let tag = tag(partition);
        let mut command = cmd("MGET");
        for id in provider_ids {
            command.arg(format!("{tag}sid:{id}"));
        }
        let known: Vec<Option<String>> = decode(self.read(partition, command).await?)?;
        Ok(known.into_iter().map(|value| value.is_some()).collect())
    }
}

impl Redis {
    /// Returns a page of a partition's events and the id of its last entry, or `None` after the last.
    async fn page_of_events(
        &self,
        partition: &Partition,
        after: &str,
    ) -> Result<Option<(String, Vec<Event>)>, StorageError> {
        let mut command = cmd("XRANGE");
        command.arg(format!("{}ev", tag(partition))).arg(after).arg("+").arg("COUNT").arg(PAGE);
        parse_page(self.send_pooled(partition, &command).await?)
    }
}

/// Parses a reply of XRANGE into the id of the last entry and the events of all.
fn parse_page(reply: Value) -> Result<Option<(String, Vec<Event>)>, StorageError> {
    let entries: Vec<(String, HashMap<String, String>)> = decode(reply)?;
    let Some(last) = entries.last().map(|(id, _)| id.clone()) else { return Ok(None) };
    let mut events = Vec::with_capacity(entries.len());
    for (id, mut fields) in entries {
        let written =
            stream_time(&id).ok_or_else(|| encoding::corrupt(&format!("its id is {id}")))?;
        let message = MessageId::new(fields.remove("m").unwrap_or_default());
        let kinds = fields.get("e").map(String::as_str).unwrap_or_default();
        let detail = fields.get("d").map(String::as_str);
        events.extend(encoding::read(&message, written, kinds, detail)?);
    }
    Ok(Some((last, events)))
}

/// The time in the id of a stream entry, `<milliseconds>-<number>`.
pub(super) fn stream_time(id: &str) -> Option<DateTime<Utc>> {
    let (millis, _) = id.split_once('-')?;
    DateTime::from_timestamp_millis(millis.parse().ok()?)
}
