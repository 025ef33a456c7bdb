//! Fault injection: provider failures that a tester simulates on purpose.

use serde::{Deserialize, Serialize};

use crate::model::address::Identity;

/// Every fault, with what it simulates. Normal operation is the first.
const FAULTS: [(Fault, &str); 7] = [
    (Fault::None, "messages are delivered"),
    (Fault::Failing, "the provider is down"),
    (Fault::Throttled, "the provider's rate limit is reached"),
    (Fault::Lossy, "delivered, but the confirmation is lost"),
    (Fault::Slow, "the provider takes a few seconds"),
    (Fault::Undeliverable, "the number cannot be reached"),
    (Fault::OptedOut, "the recipient has opted out"),
];

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

impl Fault {
    /// Returns the one word of a fault, on the page, in its API, on the board and in scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "ok",
            Self::Slow => "slow",
            Self::Lossy => "lossy",
            Self::Failing => "failing",
            Self::Throttled => "throttled",
            Self::Undeliverable => "undeliverable",
            Self::OptedOut => "opted_out",
        }
    }

    /// Returns the fault of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        FAULTS.iter().map(|(fault, _)| *fault).find(|fault| fault.word() == word)
    }

    /// Returns the words of all faults.
    pub fn words() -> impl Iterator<Item = &'static str> {
        FAULTS.iter().map(|(fault, _)| fault.word())
    }

    /// Returns the words of all faults, each with what it simulates.
    pub fn described() -> impl Iterator<Item = (&'static str, &'static str)> {
        FAULTS.iter().map(|(fault, effect)| (fault.word(), *effect))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_of_a_fault_is_the_one_of_its_json() {
        for word in Fault::words() {
            let fault = Fault::from_word(word).expect("every word has its fault");
            assert_eq!(serde_json::to_value(fault).expect("a fault has a JSON form"), word);
            assert_eq!(fault.word(), word);
        }
        assert_eq!(Fault::from_word("No fault"), None);
    }
}
