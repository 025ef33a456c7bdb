//! What can be made to go wrong.

use serde::{Deserialize, Serialize};

use crate::model::address::Identity;

/// What happens to messages that are sent to a number, until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// They arrive.
    #[default]
    None,
    /// They arrive late.
    Slow,
    /// They arrive, and the provider's answer does not.
    Lossy,
    /// The provider takes none of them.
    Failing,
    /// The provider takes none of them as yet.
    Throttled,
    /// The provider says that they never will (Twilio's error 21614).
    Undeliverable,
    /// The provider says that the recipient wants none (Twilio's error 21610).
    OptedOut,
}

/// A trouble, and whose: everybody's who has none of their own, when no number is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injected {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Identity>,
    pub trouble: Trouble,
}

/// What is in force once all of this was injected, in this order: one each, and no [`Trouble::None`].
pub fn in_force(injected: Vec<Injected>) -> Vec<Injected> {
    let mut last: Vec<Injected> = Vec::new();
    for one in injected {
        last.retain(|former| former.number != one.number);
        last.push(one);
    }
    last.retain(|one| one.trouble != Trouble::None);
    last
}
