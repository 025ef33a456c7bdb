//! The roster: which devices are connected, and which are away for a short time.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::DeviceId;
use super::settings::DevicesSettings;
use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};
use crate::model::frame::Frame;

/// Pool of the connected devices, each under its id.
pub(super) const CONNECTED: &str = "devices";
/// Room of the sessions that are told who comes and goes.
pub(super) const ROOM: &str = "devices";
/// Life of the record of a connected device after its last write, longer than any socket is open.
pub(super) const TTL: Duration = Duration::from_hours(31 * 24);

/// Record of a device that texts can be sent to.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    pub address: Address,
    /// Absence, while texts are kept for the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Away {
    pub until: DateTime<Utc>,
    /// Number of texts that wait.
    pub kept: u32,
}

impl Record {
    /// Reads the record of a device; there is none of one that is unknown, or away for too long.
    pub(super) async fn read(tx: &mut Transaction, id: DeviceId) -> Result<Option<Self>> {
        let (now, record) = (tx.now(), tx.get::<Self>(&key(id)).await?);
        Ok(record.filter(|record| record.away.is_none_or(|away| away.until > now)))
    }

    pub(super) fn write(&self, tx: &mut Transaction, id: DeviceId) -> Result<()> {
        let ttl = self.away.map_or(TTL, |away| away.left(tx));
        tx.put(&key(id), self, ttl)
    }
}

impl Away {
    /// Returns the time until texts for the device are no longer kept.
    pub(super) fn left(self, tx: &Transaction) -> Duration {
        (self.until - tx.now()).to_std().unwrap_or_default()
    }
}

/// Enters a device, and returns the absence that this ends, if it was away.
pub(super) async fn enter(
    tx: &mut Transaction,
    settings: &DevicesSettings,
    id: DeviceId,
    address: &Address,
) -> Result<Option<Away>> {
    let known = Record::read(tx, id).await?;
    Record { address: address.clone(), away: None }.write(tx, id)?;
    tx.insert(CONNECTED, &member(id), TTL);
    let was_connected = known.as_ref().is_some_and(|record| record.away.is_none());
    if !was_connected {
        announce(tx, settings, "arrived", id);
    }
    Ok(known.and_then(|record| record.away))
}

/// Removes a connected device for good.
pub(super) async fn remove(
    tx: &mut Transaction,
    settings: &DevicesSettings,
    id: DeviceId,
) -> Result<()> {
    if let Some(record) = Record::read(tx, id).await? {
        tx.remove(&key(id));
        if record.away.is_none() {
            depart(tx, settings, id);
        }
    }
    Ok(())
}

/// Notes that a connected device is away, and may come back under its id.
pub(super) async fn suspend(
    tx: &mut Transaction,
    settings: &DevicesSettings,
    id: DeviceId,
) -> Result<()> {
    let Some(mut record) = Record::read(tx, id).await? else { return Ok(()) };
    if record.away.is_none() {
        record.away = Some(Away { until: tx.now() + settings.away, kept: 0 });
        record.write(tx, id)?;
        depart(tx, settings, id);
    }
    Ok(())
}

fn depart(tx: &mut Transaction, settings: &DevicesSettings, id: DeviceId) {
    tx.take(CONNECTED, &member(id));
    announce(tx, settings, "departed", id);
}

fn announce(tx: &mut Transaction, settings: &DevicesSettings, kind: &str, id: DeviceId) {
    if settings.lists_devices() {
        tx.send_to_room(ROOM, Frame::new(kind).field("device", id.to_string()));
    }
}

fn key(id: DeviceId) -> String {
    format!("device:{id}")
}

/// Member of the pool: the id itself, so that a list of members is a list of ids.
fn member(id: DeviceId) -> Group {
    Group::from_id(id.to_string())
}
