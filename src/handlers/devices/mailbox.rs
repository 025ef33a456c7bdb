//! Texts for a device that is away: each is stored under a key of its own, so that one more costs one
//! write.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::id::DeviceId;
use super::roster::{Away, Record};
use crate::contracts::handler::Transaction;

/// Time for which a text outlives the record of its device, which says that it is there.
const SPARE: Duration = Duration::from_mins(1);

/// Text from one device to another.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct DeviceText {
    pub from: DeviceId,
    pub body: String,
}

impl fmt::Display for DeviceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.from, self.body)
    }
}

/// Keeps a text for a device that is away, behind the others that wait for it. Returns whether there
/// was room.
pub(super) fn keep(
    tx: &mut Transaction,
    to: DeviceId,
    record: Record,
    text: &DeviceText,
    limit: u32,
) -> Result<bool> {
    let Record { address, away: Some(away) } = record else { return Ok(false) };
    if away.kept >= limit {
        return Ok(false);
    }
    tx.put(&key(to, away.kept), text, away.left(tx) + SPARE)?;
    let away = Some(Away { kept: away.kept + 1, ..away });
    Record { address, away }.write(tx, to)?;
    Ok(true)
}

/// Takes out the texts that waited for a device, in their order.
pub(super) async fn empty(
    tx: &mut Transaction,
    id: DeviceId,
    away: Away,
) -> Result<Vec<DeviceText>> {
    let keys: Vec<String> = (0..away.kept).map(|number| key(id, number)).collect();
    let texts: Vec<Option<DeviceText>> = tx.get_many(keys.iter().map(String::as_str)).await?;
    for key in &keys {
        tx.remove(key);
    }
    Ok(texts.into_iter().flatten().collect())
}

fn key(id: DeviceId, number: u32) -> String {
    format!("mail:{id}:{number}")
}
