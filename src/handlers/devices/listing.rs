//! Lists of connected devices.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::Result;

use super::id::DeviceId;
use super::roster::CONNECTED;
use super::settings::DevicesSettings;
use crate::contracts::handler::Transaction;
use crate::model::address::Address;
use crate::model::frame::Frame;

/// Ids in the list of a socket, and of a phone, whose texts are paid by their length.
const SOCKET: usize = 1000;
const PHONE: usize = 20;

/// Ids of connected devices, ascending. `Display` is a list of numbers as Python prints it.
pub(super) struct Listing {
    ids: BTreeSet<DeviceId>,
    /// Number of connected devices beyond the list.
    more: u64,
}

impl Listing {
    /// Returns the list for a device: itself, and others as far as the topic shows them, the longest
    /// connected. The commit does not depend on it, so that devices come and go beside each other.
    pub(super) async fn read(
        tx: &Transaction,
        settings: &DevicesSettings,
        own: DeviceId,
        address: &Address,
    ) -> Result<Self> {
        if !settings.lists_devices() {
            return Ok(Self { ids: BTreeSet::from([own]), more: 0 });
        }
        let limit = if address.is_socket() { SOCKET } else { PHONE };
        let members = tx.list(CONNECTED, limit).await?;
        let others = members.iter().filter_map(|member| member.as_str().parse().ok());
        let others = others.filter(|id| *id != own).take(limit - 1);
        let ids: BTreeSet<DeviceId> = others.chain([own]).collect();
        let is_full = members.len() == limit;
        let all = if is_full { tx.size(CONNECTED).await? } else { 0 };
        let more = all.saturating_sub(u64::try_from(ids.len())?);
        Ok(Self { ids, more })
    }

    /// Returns the frame for the device that asks, without a text.
    pub(super) fn frame(&self, own: DeviceId) -> Frame {
        let ids: Vec<String> = self.ids.iter().map(DeviceId::to_string).collect();
        let frame = Frame::new("devices").field("you", own.to_string()).field("connected", ids);
        if self.more > 0 { frame.field("more", self.more) } else { frame }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids: Vec<String> = self.ids.iter().map(DeviceId::to_string).collect();
        if self.more > 0 {
            ids.push("...".to_owned());
        }
        write!(f, "[{}]", ids.join(", "))
    }
}
