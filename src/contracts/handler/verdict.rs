//! Verdict of a provider that no message reaches a person, as the data of a wake.

use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Transaction;
use crate::model::message::Wake;

/// Data of the wake [`UNDELIVERABLE`](super::UNDELIVERABLE): the provider's code alone, or with the time of the
/// message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Verdict {
    Code(u32),
    Late {
        code: u32,
        /// Time at which the message was handed over to the provider.
        #[serde(with = "ts_milliseconds")]
        since: DateTime<Utc>,
    },
}

impl Verdict {
    /// Creates the verdict on a message that was handed over at a time, if that is known.
    pub fn new(code: u32, since: Option<DateTime<Utc>>) -> Self {
        since.map_or(Self::Code(code), |since| Self::Late { code, since })
    }

    /// Reads the data of a wake; data of another form are a verdict without a code.
    pub fn of(wake: &Wake) -> Self {
        wake.data().unwrap_or(Self::Code(0))
    }

    pub fn code(self) -> u32 {
        match self {
            Self::Code(code) | Self::Late { code, .. } => code,
        }
    }

    pub fn since(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Code(_) => None,
            Self::Late { since, .. } => Some(since),
        }
    }
}

impl Transaction {
    /// Returns the time at which the message was handed over that a provider has refused, during
    /// [`Handler::undeliverable`](super::Handler::undeliverable). `None` when it is unknown: then the
    /// refusal came at once. What the person has begun since is not the message's.
    pub fn undeliverable_since(&self) -> Option<DateTime<Utc>> {
        self.undeliverable_since
    }
}
