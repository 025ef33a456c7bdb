//! How facts are written into a partition's event stream, and read back.
//!
//! One entry holds what one step made true of one message: `m` the message, `e` the kinds, each with
//! its time when that is not the entry's own (`received@1700000000000`), `d` the detail.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use redis::Value;

use super::claims::decode;
use crate::event::{Detail, Event, EventKind, Facts};
use crate::message::MessageId;
use crate::storage::StorageError;

pub(super) fn kinds(facts: &Facts) -> String {
    let mut kinds = String::new();
    for fact in &facts.facts {
        if !kinds.is_empty() {
            kinds.push(',');
        }
        kinds.push_str(fact.kind.as_str());
        if let Some(at) = fact.at {
            kinds.push('@');
            kinds.push_str(&at.timestamp_millis().to_string());
        }
    }
    kinds
}

/// Reads what XRANGE gave: the id of the last entry, and what all of them hold. Its errors quote
/// nothing of it, for it holds numbers.
pub(super) fn read(entries: Value) -> Result<Option<(String, Vec<Event>)>, StorageError> {
    let corrupt = |what: String| StorageError::Corrupt(format!("an event: {what}"));
    let entries: Vec<(String, HashMap<String, String>)> = decode(entries)?;
    let Some(last) = entries.last().map(|(id, _)| id.clone()) else { return Ok(None) };
    let mut events = Vec::with_capacity(entries.len());
    for (id, mut fields) in entries {
        let written = stream_time(&id).ok_or_else(|| corrupt(format!("its id is {id}")))?;
        let message = MessageId::new(fields.remove("m").unwrap_or_default());
        let detail: Detail = fields
            .get("d")
            .map_or(Ok(Detail::default()), |json| serde_json::from_str(json))
            .map_err(|_| corrupt("its detail is of another shape".to_owned()))?;
        for kind in fields.get("e").map(String::as_str).unwrap_or_default().split(',') {
            let (name, at) = match kind.split_once('@') {
                None => (kind, Some(written)),
                Some((name, at)) => {
                    (name, at.parse().ok().and_then(DateTime::from_timestamp_millis))
                }
            };
            let kind: EventKind = name.parse().map_err(|_| corrupt(format!("of kind {name}")))?;
            let at = at.ok_or_else(|| corrupt("at no time".to_owned()))?;
            events.push(Event { message: message.clone(), kind, at, detail: detail.clone() });
        }
    }
    Ok(Some((last, events)))
}

/// The time in a stream entry's id, `<milliseconds>-<number>`.
pub(super) fn stream_time(id: &str) -> Option<DateTime<Utc>> {
    let (millis, _) = id.split_once('-')?;
    DateTime::from_timestamp_millis(millis.parse().ok()?)
}
