//! The latest texts of a room, stored only where the topic sets a number of them.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::room::{MARGIN, Room};
use super::rules::Rules;
use crate::contracts::handler::Transaction;

#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    from: String,
    text: String,
}

/// Returns the texts, the oldest first.
pub(super) async fn read(tx: &mut Transaction, rules: &Rules, room: &Room) -> Result<Vec<Entry>> {
    if rules.settings.history == 0 {
        return Ok(Vec::new());
    }
    Ok(tx.get(&room.history_key()).await?.unwrap_or_default())
}

/// Adds a text, as the room saw it, and forgets the oldest above the number.
pub(super) async fn add(
    tx: &mut Transaction,
    rules: &Rules,
    room: &Room,
    from: &str,
    text: &str,
) -> Result<()> {
    let limit = rules.settings.history;
    if limit == 0 {
        return Ok(());
    }
    let mut entries = read(tx, rules, room).await?;
    entries.push(Entry { from: from.to_owned(), text: text.to_owned() });
    entries.drain(..entries.len().saturating_sub(limit));
    let ttl = room.remaining(tx.now()) + MARGIN;
    tx.put(&room.history_key(), &entries, ttl)
}
