//! What stands on the board.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::fault::Injected;
use crate::contracts::storage::FeedCursor;
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId, Text};
use crate::model::topic::TopicName;

/// A line of the board. A later one of the same direction and id says what has become of the
/// message since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Record {
    /// A phone sent us this.
    In(Said),
    /// We sent a phone this.
    Out(Said),
    /// From here on this is what happens to messages to a number, or to everybody's who has no
    /// trouble of their own.
    Trouble {
        #[serde(flatten)]
        injected: Injected,
        at: DateTime<Utc>,
    },
    /// Everything before this is to be forgotten: of one number, or all of it.
    Cleared {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Identity>,
        at: DateTime<Utc>,
    },
}

/// A message, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub id: MessageId,
    pub topic: TopicName,
    /// The phone's.
    pub number: Identity,
    pub text: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    pub at: DateTime<Utc>,
    pub state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// In: stored, to be handled. Out: not taken by the provider yet.
    Queued,
    /// In: what it asked for is done, or owed.
    Handled,
    /// In: it was here before, and changed nothing.
    Duplicate,
    /// In: a validator refused it.
    Rejected,
    /// In: not taken, since too much waits or the store is away; its provider would send it again.
    Refused,
    /// Out: taken by the provider.
    Sent,
    /// Out: on the phone.
    Delivered,
    /// Out: it never will be.
    Failed,
}

/// What was not cleared since, of everything that a board holds. Troubles are not: they go on.
pub fn standing(all: Vec<(FeedCursor, Record)>) -> Vec<(FeedCursor, Record)> {
    let (mut everybody, mut whose) = (false, HashSet::new());
    let stands = |(_, record): &(FeedCursor, Record)| match record {
        Record::In(said) | Record::Out(said) => !everybody && !whose.contains(&said.number),
        Record::Cleared { number: Some(number), .. } => {
            whose.insert(number.clone());
            false
        }
        Record::Cleared { number: None, .. } => {
            everybody = true;
            false
        }
        Record::Trouble { .. } => true,
    };
    let mut standing: Vec<_> = all.into_iter().rev().filter(stands).collect();
    standing.reverse();
    standing
}
