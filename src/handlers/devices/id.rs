//! Ids of devices.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::settings::Ids;
use crate::contracts::handler::Transaction;

/// Key of the next sequential id.
const NEXT: &str = "next_id";
/// Life of the next sequential id after it was last given: no id comes twice while anyone connects.
const NEXT_TTL: Duration = Duration::from_hours(10 * 365 * 24);

/// Number of a device. Its stored and its JSON form is a text of decimal digits, since programs read
/// a JSON number of that size inexactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DeviceId(u128);

impl DeviceId {
    /// First sequential id.
    const FIRST: Self = Self(100_000_000);

    /// Returns the id of a new device. Sequential ids are given once and never again; two devices
    /// that get one at the same time conflict on the next one.
    pub(super) async fn allot(tx: &mut Transaction, ids: Ids) -> Result<Self> {
        match ids {
            Ids::Sequential => {
                let id = tx.get(NEXT).await?.unwrap_or(Self::FIRST);
                tx.put(NEXT, &Self(id.0 + 1), NEXT_TTL)?;
                Ok(id)
            }
            Ids::Random => {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes)
                    .map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
                Ok(Self(u128::from_ne_bytes(bytes)))
            }
        }
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for DeviceId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for DeviceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
