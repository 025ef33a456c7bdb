//! Ids of ours that a provider returns with the delivery reports of a message: they stand in the query
//! of the URL that it reports to.

use chrono::{DateTime, Utc};
use form_urlencoded::Serializer;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::address::{Address, GroupKey};
use crate::model::message::{MessageId, Outbound};
use crate::model::sealed::SealKey;

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

    /// Returns the key that references of a deployment are sealed with.
    pub fn key(groups: &GroupKey) -> SealKey {
        groups.seal_key(PURPOSE)
    }

    pub fn seal(&self, key: &SealKey) -> String {
        key.seal(&serde_json::to_vec(self).expect("a reference is strings and numbers"))
    }

    /// Opens what [`seal`](Self::seal) has made; `None` for anything else.
    pub fn open(key: &SealKey, sealed: &str) -> Option<Self> {
        serde_json::from_slice(&key.open(sealed)?).ok()
    }
}

/// URL that a provider reports the states of messages to, before the ids of one are added.
#[derive(Clone)]
pub struct Callback {
    /// The URL without its fragment.
    url: String,
    /// Place in it at which the query begins.
    query: usize,
    fragment: String,
}

impl Callback {
    /// Parses a URL; `None` when it is malformed.
    pub fn parse(url: &str) -> Option<Self> {
        Url::parse(url).ok().map(Self::new)
    }

    pub fn new(mut url: Url) -> Self {
        let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        url.set_fragment(None);
        if url.query().is_none() {
            url.set_query(Some(""));
        }
        let query = url.as_str().len() - url.query().map_or(0, str::len);
        Self { url: url.into(), query, fragment }
    }

    /// Adds a parameter that every report returns.
    pub fn add(&mut self, name: &str, value: &str) {
        let mut query = Serializer::for_suffix(std::mem::take(&mut self.url), self.query);
        self.url = query.append_pair(name, value).finish();
    }

    /// Returns the URL for the reports of a message.
    pub fn of(&self, message: &Outbound) -> String {
        let mut query = Serializer::for_suffix(self.url.clone(), self.query);
        if let Some(reference) = &message.reference {
            query.append_pair(REFERENCE, reference);
        } else {
            query.append_pair(MESSAGE, message.id.as_str());
            if let Some(cause) = &message.cause {
                query.append_pair(CAUSE, cause.id.as_str());
            }
        }
        let mut url = query.finish();
        url.push_str(&self.fragment);
        url
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://e.example/status", "https://e.example/status?reference=a-_%25")]
    #[case("https://e.example", "https://e.example/?reference=a-_%25")]
    #[case("https://e.example/s?", "https://e.example/s?reference=a-_%25")]
    #[case("https://e.example/s?x=y#rc=2", "https://e.example/s?x=y&reference=a-_%25#rc=2")]
    fn reference_stands_at_the_end_of_the_query(#[case] url: &str, #[case] expected: &str) {
        let mut message = Outbound::new(Address::new("t", "+1", "+2"), "hi".into(), vec![], None);
        message.reference = Some("a-_%".to_owned());
        assert_eq!(Callback::new(Url::parse(url).unwrap()).of(&message), expected);
    }
}
