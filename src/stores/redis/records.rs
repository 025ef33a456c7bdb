//! Events of a partition, in a stream: field `m` is the message, `e` the kinds, `d` the detail.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use redis::cmd;

use super::keys::{tag, transferred};
use super::reply::decode;
use super::streams::PAGE;
use super::{Redis, moves};
use crate::contracts::storage::{Partition, Records, StateReads, StorageError, encoding};
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;

#[async_trait]
impl Records for Redis {
    async fn record(&self, partition: &Partition, facts: Facts) -> Result<(), StorageError> {
        self.push_one(moves::record(partition, &facts)).await.map(drop)
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
        let mut after = None;
        loop {
            let page = self.page_of_events(partition, after.as_deref(), PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(events) };
            after = Some(last.clone());
            let is_wanted = |event: &Event| message.is_none_or(|message| event.message == *message);
            events.extend(page.into_iter().map(|(_, event)| event).filter(is_wanted));
        }
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
            command.arg(format!("{tag}sid:{id}")).arg(format!("{tag}sid:{}", transferred(id)));
        }
        let known: Vec<Option<String>> = decode(self.read(partition, command).await?)?;
        Ok(known.chunks(2).map(|either| either.iter().any(Option::is_some)).collect())
    }
}

impl Redis {
    /// Returns the events of up to `limit` entries, each event with the id of its entry.
    pub(super) async fn page_of_events(
        &self,
        partition: &Partition,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Event)>, StorageError> {
        let key = format!("{}ev", tag(partition));
        let mut events = Vec::new();
        for (id, fields) in self.entries_after(partition, &key, after, limit).await? {
            events.extend(read(&id, fields)?.into_iter().map(|event| (id.clone(), event)));
        }
        Ok(events)
    }
}

/// Reads the events of an entry.
fn read(id: &str, mut fields: HashMap<String, String>) -> Result<Vec<Event>, StorageError> {
    let written = stream_time(id).ok_or_else(|| encoding::corrupt(&format!("its id is {id}")))?;
    let message = MessageId::new(fields.remove("m").unwrap_or_default());
    let kinds = fields.get("e").map(String::as_str).unwrap_or_default();
    encoding::read(&message, written, kinds, fields.get("d").map(String::as_str))
}

/// The time in the id of a stream entry, `<milliseconds>-<number>`.
pub(super) fn stream_time(id: &str) -> Option<DateTime<Utc>> {
    let (millis, _) = id.split_once('-')?;
    DateTime::from_timestamp_millis(millis.parse().ok()?)
}
