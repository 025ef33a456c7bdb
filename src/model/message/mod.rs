//! What is said: a message to us, a message from us, and an internal wake.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::address::{Address, Group};
use crate::model::topic::TopicName;

mod wire;

/// What the provider calls a message (Twilio: its `MessageSid`). With the transport's name it is
/// what duplicates are recognised by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the id under which a provider's message is kept: two providers may use one id.
    #[must_use]
    pub fn of(transport: &str, id: &Self) -> Self {
        Self(format!("{transport}:{}", id.0))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person wrote. Its `Debug` and `Display` show its length only.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The words themselves. Never log them.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} characters>", self.0.chars().count())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A picture or other file that came with a message, or goes with one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub url: String,
    pub content_type: String,
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path of a media address is as good as a key to the picture.
        write!(f, "Media({})", self.content_type)
    }
}

/// Where the sender's number was issued, as far as the provider knows; not where the person is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub zip: Option<String>,
}

/// What the provider has already done about an opt-out keyword. Whoever sees one must not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OptOut {
    Stop,
    Start,
    Help,
}

/// Every parameter of a webhook that has no field of its own, in the order it came.
/// `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(pub Vec<(String, String)>);

impl Parameters {
    /// The first value that stands under `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A message as a transport understood it, before anybody asked which topic it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    pub id: MessageId,
    pub sender: Address,
    pub text: Text,
    pub media: Vec<Media>,
    pub origin: Origin,
    pub opt_out: Option<OptOut>,
    pub parameters: Parameters,
}

/// A message to us, on its way through its topic's pipeline.
///
/// Its JSON form is pyrowire's (`message number sid topic from_city from_state from_country
/// from_zip media reply`) with what is new beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "wire::Message", into = "wire::Message")]
pub struct Inbound {
    pub topic: TopicName,
    pub id: MessageId,
    pub sender: Address,
    pub text: Text,
    /// In the order the provider listed them.
    pub media: Vec<Media>,
    pub origin: Origin,
    pub opt_out: Option<OptOut>,
    pub parameters: Parameters,
    pub received_at: DateTime<Utc>,
}

impl Inbound {
    pub fn new(topic: TopicName, received_at: DateTime<Utc>, incoming: Incoming) -> Self {
        let Incoming { id, sender, text, media, origin, opt_out, parameters } = incoming;
        Self { topic, id, sender, text, media, origin, opt_out, parameters, received_at }
    }

    /// Returns the id of the message in logs, events and queues, which no other transport's has.
    pub fn key(&self) -> MessageId {
        MessageId::of(&self.sender.transport, &self.id)
    }
}

/// A message from us: who it goes to (and from which of our lines), and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbound {
    pub id: MessageId,
    pub to: Address,
    pub text: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The inbound message that this is owed for, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl Outbound {
    /// A message of a new id. Ids sort by the time they were made.
    pub fn new(to: Address, text: Text, media: Vec<Media>, cause: Option<Cause>) -> Self {
        Self { id: MessageId::new(uuid::Uuid::now_v7().to_string()), to, text, media, cause }
    }
}

/// Which inbound message an outbound one answers, and whether it is the only one that does: the
/// inbound message is *recorded* when the last of what it caused is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub id: MessageId,
    pub only: bool,
}

/// An internal message to a group: something is due there, now or at a time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    pub group: Group,
    /// What it is about.
    pub name: String,
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub data: serde_json::Value,
}

impl Wake {
    /// Returns the data that the wake was scheduled with.
    ///
    /// # Errors
    /// When it was another type.
    pub fn data<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        T::deserialize(&self.data)
    }
}

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its data may name somebody.
        let mut shown = f.debug_struct("Wake");
        shown.field("group", &self.group).field("name", &self.name).finish_non_exhaustive()
    }
}

/// What stands in a group's mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Mail {
    Message(Box<Inbound>),
    Wake(Wake),
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}
