//! Memory of a chat's last texts, for a report that may come.
//!
//! Each text goes, sealed, into one of ten slots of its writer. The slot follows from the place of the
//! message in its queue, so that nothing is read for it; a later text may take the slot of an earlier
//! one, and all of them expire.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::contracts::handler::Transaction;
use crate::model::address::Group;
use crate::model::message::{Inbound, Text};
use crate::model::standing::ReportedText;

/// Slots for each side of a chat.
const SLOTS: u8 = 10;

type Kept = (DateTime<Utc>, Text);

/// Keeps the text of a relayed message; nothing when the time to keep it is zero.
pub(super) fn keep(
    tx: &mut Transaction,
    time: Duration,
    chat: &str,
    message: &Inbound,
) -> Result<()> {
    if time.is_zero() {
        return Ok(());
    }
    // Hexadecimal digits, evenly distributed.
    let place = u8::from_str_radix(&tx.idempotency_key()[..2], 16).unwrap_or_default();
    let key = key(chat, &tx.group(), place % SLOTS);
    let kept: Kept = (message.received_at, message.text.clone());
    let sealed = tx.seal(&serde_json::to_vec(&kept)?);
    tx.put(&key, &sealed, time)
}

/// Returns the texts of a chat that are still kept, the oldest first, for a report by one side about the
/// other.
pub(super) async fn texts(
    tx: &mut Transaction,
    chat: &str,
    by: &Group,
    about: &Group,
) -> Result<Vec<ReportedText>> {
    let sides = [by, about];
    let keys: Vec<String> =
        sides.iter().flat_map(|side| (0..SLOTS).map(move |slot| key(chat, side, slot))).collect();
    let values: Vec<Option<String>> = tx.get_many(keys.iter().map(String::as_str)).await?;
    let mut texts = Vec::new();
    for (index, sealed) in values.into_iter().enumerate() {
        let opened = sealed.and_then(|sealed| tx.open_sealed(&sealed));
        let kept = opened.and_then(|kept| serde_json::from_slice::<Kept>(&kept).ok());
        if let Some((at, text)) = kept {
            let by_reported = index >= usize::from(SLOTS);
            texts.push(ReportedText { at, by_reported, text });
        }
    }
    texts.sort_by_key(|text| text.at);
    Ok(texts)
}

fn key(chat: &str, side: &Group, slot: u8) -> String {
    format!("said:{chat}:{side}:{slot}")
}
