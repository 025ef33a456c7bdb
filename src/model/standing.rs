//! Standing of a sender in a topic: the keys of state that the door looks at.

use crate::model::address::{Address, GroupKey};

/// Returns the key under which a bar from a topic is stored. Any value bars the person, on every line.
pub fn bar_key(groups: &GroupKey, person: &Address) -> String {
    format!("barred:{}", groups.person(person))
}

/// Returns the key of the bucket that a person's messages are taken from, on every line.
pub fn bucket_key(groups: &GroupKey, person: &Address) -> String {
    format!("bucket:{}", groups.person(person))
}

/// Returns the key that remembers that a person was told something, for some time.
pub fn told_key(groups: &GroupKey, person: &Address, what: &str) -> String {
    format!("told:{what}:{}", groups.person(person))
}
