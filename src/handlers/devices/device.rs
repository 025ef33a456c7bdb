//! A device's own state, and what it may send.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::id::DeviceId;
use super::roster::TTL;
use crate::contracts::handler::Transaction;

/// Time within which the same text is a duplicate.
const DUPLICATE: TimeDelta = TimeDelta::seconds(5);

/// State of a device, stored as that of its mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Device {
    pub id: DeviceId,
    /// The last text that was sent to a device which existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Sent>,
}

/// Text that was sent, as a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    digest: String,
    at: DateTime<Utc>,
}

impl Device {
    pub(super) fn new(id: DeviceId) -> Self {
        Self { id, last: None }
    }

    /// Writes the state of a device that is here.
    pub(super) fn write(&self, tx: &mut Transaction) -> Result<()> {
        tx.set_state(self, TTL)
    }

    /// Returns whether a text is the last one again, less than five seconds later. Web processes
    /// whose clocks differ may receive the two in either order.
    pub(super) fn repeats(&self, text: &str, at: DateTime<Utc>) -> bool {
        self.last
            .as_ref()
            .is_some_and(|last| last.digest == digest(text) && (at - last.at).abs() < DUPLICATE)
    }

    /// Takes note of a text that is sent.
    pub(super) fn note(&mut self, text: &str, at: DateTime<Utc>) {
        self.last = Some(Sent { digest: digest(text), at });
    }
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
