//! Entries of the board.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::fault::InjectedFault;
use crate::contracts::storage::FeedCursor;
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId, Text};
use crate::model::topic::TopicName;

/// One entry of the board. A later entry with the same direction and id updates the state of a
/// message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum BoardEntry {
    /// Message from a phone to the server.
    In(PhoneMessage),
    /// Message from the server to a phone.
    Out(PhoneMessage),
    /// Fault that applies from here on.
    Fault {
        #[serde(flatten)]
        injected: InjectedFault,
        at: DateTime<Utc>,
    },
    /// Deletion of all earlier messages: those of one number, or all.
    Cleared {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Identity>,
        at: DateTime<Utc>,
    },
}

/// A message of a simulated phone, with its delivery state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneMessage {
    pub id: MessageId,
    pub topic: TopicName,
    /// Number of the phone, whatever the direction.
    pub number: Identity,
    pub text: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    pub at: DateTime<Utc>,
    pub state: DeliveryState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The delivery state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// In: stored, not handled yet. Out: not accepted by the provider yet.
    Queued,
    /// In: handled; its effects are committed.
    Handled,
    /// In: dropped by deduplication.
    Duplicate,
    /// In: refused by a validator.
    Rejected,
    /// In: not accepted, because the backlog is full or the store is unreachable; a provider would
    /// deliver it again.
    Refused,
    /// Out: accepted by the provider.
    Sent,
    /// Out: delivered to the phone.
    Delivered,
    /// Out: refused permanently.
    Failed,
}

/// Removes the messages that were cleared later. Fault entries stay, since faults stay active.
pub fn uncleared(entries: Vec<(FeedCursor, BoardEntry)>) -> Vec<(FeedCursor, BoardEntry)> {
    let (mut all_cleared, mut cleared) = (false, HashSet::new());
    let is_kept = |(_, entry): &(FeedCursor, BoardEntry)| match entry {
        BoardEntry::In(message) | BoardEntry::Out(message) => {
            !all_cleared && !cleared.contains(&message.number)
        }
        BoardEntry::Cleared { number: Some(number), .. } => {
            cleared.insert(number.clone());
            false
        }
        BoardEntry::Cleared { number: None, .. } => {
            all_cleared = true;
            false
        }
        BoardEntry::Fault { .. } => true,
    };
    let mut kept: Vec<_> = entries.into_iter().rev().filter(is_kept).collect();
    kept.reverse();
    kept
}
