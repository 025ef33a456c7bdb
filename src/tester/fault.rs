//! Fault injection: provider failures that a tester simulates on purpose.

use serde::{Deserialize, Serialize};

use crate::model::address::Identity;

/// A simulated provider failure. It applies to messages sent to a number until another one replaces
/// it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Normal delivery.
    #[default]
    #[serde(rename = "ok")]
    None,
    /// Delivery after a few seconds.
    Slow,
    /// Delivery, but the provider's confirmation is lost.
    Lossy,
    /// Provider down; the message can be retried.
    Failing,
    /// Provider rate limit reached; the message can be retried.
    Throttled,
    /// Permanent refusal: not a mobile number (Twilio's error 21614).
    Undeliverable,
    /// Permanent refusal: the recipient opted out (Twilio's error 21610).
    OptedOut,
}

/// A fault and the number that it applies to. Without a number it applies to every number that has
/// no fault of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InjectedFault {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Identity>,
    pub fault: Fault,
}

/// The faults that still apply after these were injected in this order: the last one of each
/// number, without those that were reset.
pub fn active_faults(injected: Vec<InjectedFault>) -> Vec<InjectedFault> {
    let mut active: Vec<InjectedFault> = Vec::new();
    for new in injected {
        active.retain(|old| old.number != new.number);
        active.push(new);
    }
    active.retain(|one| one.fault != Fault::None);
    active
}
