//! How a partition's event stream is read back: `m` is the message, `e` the kinds, `d` the detail.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use redis::Value;

use super::claims::decode;
use crate::contracts::storage::{StorageError, encoding};
use crate::model::event::Event;
use crate::model::message::MessageId;

/// Reads what XRANGE gave: the id of the last entry, and what all of them hold.
pub(super) fn read(entries: Value) -> Result<Option<(String, Vec<Event>)>, StorageError> {
    let entries: Vec<(String, HashMap<String, String>)> = decode(entries)?;
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

/// The time in a stream entry's id, `<milliseconds>-<number>`.
pub(super) fn stream_time(id: &str) -> Option<DateTime<Utc>> {
    let (millis, _) = id.split_once('-')?;
    DateTime::from_timestamp_millis(millis.parse().ok()?)
}
