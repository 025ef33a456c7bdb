//! Safety checks of a store, each of which an operator can waive by its name.

use std::fmt;
use std::str::FromStr;

use crate::contracts::settings::did_you_mean;

/// A check that a store must pass before messages are trusted to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SafetyCheck {
    /// Redis must not evict keys when its memory is full.
    Eviction,
    /// The disk of the embedded store must outlive the machine.
    EphemeralDisk,
    /// Redis must be of a version that runs the scripts.
    OldRedis,
}

impl SafetyCheck {
    pub const ALL: [Self; 3] = [Self::Eviction, Self::EphemeralDisk, Self::OldRedis];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eviction => "eviction",
            Self::EphemeralDisk => "ephemeral-disk",
            Self::OldRedis => "old-redis",
        }
    }
}

impl FromStr for SafetyCheck {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|check| check.as_str() == name);
        found.ok_or_else(|| did_you_mean(name, Self::ALL.map(Self::as_str)))
    }
}

/// A failed safety check. It is shown as `name: problem; fix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCheck {
    pub check: SafetyCheck,
    /// The problem and its fix.
    pub reason: String,
}

impl fmt::Display for FailedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check.as_str(), self.reason)
    }
}
