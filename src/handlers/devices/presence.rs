//! Presence: a device comes, goes, and comes back.

use std::time::Duration;

use anyhow::Result;

use super::client::{self, Client};
use super::device::Device;
use super::id::DeviceId;
use super::listing::Listing;
use super::settings::DevicesSettings;
use super::{mailbox, roster};
use crate::contracts::handler::{Context, Transaction};
use crate::model::address::Address;
use crate::model::connection::Connection;

/// Name of the wake that sends the list to a session which has just begun to watch the others.
pub(super) const LIST: &str = "list";

/// Time for which the state of a closed session is kept that will not get its id again: texts that
/// it sent before its end may still wait in the queue.
const LATE: Duration = Duration::from_mins(10);

/// Enters the device of a new connection, greets it, and hands over what waited for it.
pub(super) async fn begin(
    cx: &mut Context,
    settings: &DevicesSettings,
    connection: &Connection,
) -> Result<()> {
    let earlier: Option<Device> = cx.state().await?;
    let device = match earlier {
        Some(device) if settings.keeps_ids() => device,
        earlier => {
            // A connection that is replaced by a newer one does not end before it.
            if let Some(earlier) = earlier {
                roster::remove(cx, settings, earlier.id).await?;
            }
            Device::new(DeviceId::allot(cx, settings.ids).await?)
        }
    };
    device.write(cx)?;
    let (address, id) = (&connection.address, device.id);
    let away = roster::enter(cx, settings, id, address).await?;
    let mut client = Client::new(cx, settings, address, device);
    client.greet().await?;
    if let Some(away) = away {
        for text in mailbox::empty(cx, id, away).await? {
            client::deliver(cx, address, &text);
        }
    }
    if settings.lists_devices() && connection.parameters.get("watch") == Some("devices") {
        watch(cx, address).await?;
    }
    Ok(())
}

/// Subscribes a session to arrivals and departures. The list follows by a wake: since it is read
/// after the subscription has begun, it lacks no device of whose arrival the session gets no notice.
async fn watch(tx: &mut Transaction, address: &Address) -> Result<()> {
    tx.subscribe(address, roster::ROOM).await?;
    let own = tx.group();
    tx.wake(&own, LIST, None, address)
}

/// Sends the list of connected devices to a session.
pub(super) async fn list(
    tx: &mut Transaction,
    settings: &DevicesSettings,
    address: &Address,
) -> Result<()> {
    if let Some(device) = tx.state::<Device>().await? {
        let listing = Listing::read(tx, settings, device.id, address).await?;
        tx.send_frame(address, listing.frame(device.id));
    }
    Ok(())
}

/// Returns the device of a message's sender. A phone enters with its first text, and stays while it
/// writes; so does a session whose state has expired.
pub(super) async fn present(
    cx: &mut Context,
    settings: &DevicesSettings,
    sender: &Address,
) -> Result<Device> {
    let known: Option<Device> = cx.state().await?;
    if sender.is_socket()
        && let Some(device) = known
    {
        return Ok(device);
    }
    let device = match known {
        Some(device) => device,
        None => Device::new(DeviceId::allot(cx, settings.ids).await?),
    };
    if !sender.is_socket() || cx.is_connected(sender).await? {
        roster::enter(cx, settings, device.id, sender).await?;
    }
    device.write(cx)?;
    Ok(device)
}

/// Notes that the connection of this mailbox's session is closed.
pub(super) async fn pause(tx: &mut Transaction, settings: &DevicesSettings) -> Result<()> {
    let Some(device) = tx.state::<Device>().await? else { return Ok(()) };
    if settings.keeps_ids() {
        roster::suspend(tx, settings, device.id).await?;
        return device.write(tx);
    }
    roster::remove(tx, settings, device.id).await?;
    tx.set_state(&device, LATE)
}

/// Removes the phone of this mailbox.
pub(super) async fn end(tx: &mut Transaction, settings: &DevicesSettings) -> Result<()> {
    if let Some(device) = tx.state::<Device>().await? {
        roster::remove(tx, settings, device.id).await?;
        if !settings.keeps_ids() {
            tx.clear_state();
        }
    }
    Ok(())
}
