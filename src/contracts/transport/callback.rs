//! Ids of ours that a provider returns with the delivery reports of a message: they stand in the query
//! of the URL that it reports to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::address::{Address, GroupKey};
use crate::model::message::{MessageId, Outbound};

/// Parameter with the sealed [`Reference`] to the outbound message.
pub const REFERENCE: &str = "reference";
/// Parameter with the id of an outbound message that has no reference.
pub const MESSAGE: &str = "message";
/// Parameter with the id of the inbound message that it answers.
pub const CAUSE: &str = "cause";

/// Purpose of the key that references are sealed with.
const PURPOSE: &str = "delivery report";

/// Reference to an outbound message. Sealed, it proves that this deployment sent the message, and tells a
/// report's reader where everything about it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    #[serde(rename = "m")]
    pub message: MessageId,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<MessageId>,
    #[serde(rename = "t")]
    pub to: Address,
    /// Number of the partition whose outbox the message is in.
    #[serde(rename = "p")]
    pub partition: u16,
    /// Time at which the message was handed over; unknown to a reference of an older version.
    #[serde(
        rename = "s",
        default,
        skip_serializing_if = "Option::is_none",
        with = "chrono::serde::ts_milliseconds_option"
    )]
    pub sent_at: Option<DateTime<Utc>>,
}

impl Reference {
    pub fn new(message: &Outbound, partition: u16) -> Self {
        Self {
            message: message.id.clone(),
            cause: message.cause.as_ref().map(|cause| cause.id.clone()),
            to: message.to.clone(),
            partition,
            sent_at: None,
        }
    }

    #[must_use]
    pub fn sent_at(self, at: DateTime<Utc>) -> Self {
        Self { sent_at: Some(at), ..self }
    }

    pub fn seal(&self, groups: &GroupKey) -> String {
        let plain = serde_json::to_vec(self).expect("a reference is strings and numbers");
        groups.seal_key(PURPOSE).seal(&plain)
    }

    /// Opens what [`seal`](Self::seal) has made; `None` for anything else.
    pub fn open(groups: &GroupKey, sealed: &str) -> Option<Self> {
        serde_json::from_slice(&groups.seal_key(PURPOSE).open(sealed)?).ok()
    }
}

/// Returns the URL that the provider reports the states of a message to.
pub fn callback_url(mut url: Url, message: &Outbound) -> String {
    let mut query = url.query_pairs_mut();
    if let Some(reference) = &message.reference {
        query.append_pair(REFERENCE, reference);
    } else {
        query.append_pair(MESSAGE, message.id.as_str());
        if let Some(cause) = &message.cause {
            query.append_pair(CAUSE, cause.id.as_str());
        }
    }
    drop(query);
    url.into()
}
