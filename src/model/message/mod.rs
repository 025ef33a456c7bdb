//! Messages: inbound, outbound, and internal wakes.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::address::{Address, Group};
use crate::model::frame::FrameContent;
use crate::model::topic::TopicName;

mod mail;
#[doc(hidden)]
pub mod submission;
mod wire;

use submission::{Priority, Tally};

#[doc(hidden)]
pub use self::mail::Mail;
pub use crate::model::parameters::Parameters;
pub use crate::model::text::Text;

/// Id of a message. An inbound message has its provider's id (Twilio: the `MessageSid`), by which,
/// together with the transport's name, duplicates are recognised.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Creates an id that no other message has. Such ids sort by their time of creation.
    pub fn unique() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }

    /// Returns the id under which a provider's message is kept: two providers may use one id.
    #[must_use]
    pub fn of(transport: &str, id: &Self) -> Self {
        Self(format!("{transport}:{}", id.0))
    }

    /// Returns whether this is the id under which a message of this transport is kept.
    pub fn is_of(&self, transport: &str) -> bool {
        self.0.strip_prefix(transport).is_some_and(|rest| rest.starts_with(':'))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the time of creation of an id that [`unique`](Self::unique) has made.
    pub fn created_at(&self) -> Option<DateTime<Utc>> {
        let id = uuid::Uuid::try_parse(&self.0).ok().filter(|id| id.get_version_num() == 7)?;
        let (seconds, nanos) = id.get_timestamp()?.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Picture or other file that is attached to a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Media {
    pub url: String,
    pub content_type: String,
}

impl Media {
    /// Creates media of a content type, at a URL that the provider can fetch.
    pub fn new(url: impl Into<String>, content_type: impl Into<String>) -> Self {
        Self { url: url.into(), content_type: content_type.into() }
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL alone gives access to the file.
        write!(f, "Media({})", self.content_type)
    }
}

/// Region in which the sender's number was issued, as far as the provider knows. It is not the place
/// where the person is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub zip: Option<String>,
}

/// Opt-out keyword that the provider has already acted on. A handler must not reply to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum OptOut {
    Stop,
    Start,
    Help,
}

/// Message as a transport parsed it, not yet assigned to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incoming {
    pub id: MessageId,
    pub sender: Address,
    pub text: Text,
    pub media: Vec<Media>,
    pub origin: Origin,
    pub opt_out: Option<OptOut>,
    pub parameters: Parameters,
    /// Time at which the provider has received it, for a message of the provider's list: it counts
    /// from then. A message that a call brings counts from the call.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Inbound message of a topic.
///
/// Its JSON form has the keys of pyrowire (`message number sid topic from_city from_state from_country
/// from_zip media reply`) and some more.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "wire::InboundJson<'_>")]
#[non_exhaustive]
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
    /// True for a message of the provider's list, which no call has brought: the time since
    /// `received_at` is not ours.
    pub is_missed: bool,
}

impl Incoming {
    /// Creates a text message without media; set further fields on it.
    pub fn new(id: MessageId, sender: Address, text: impl Into<Text>) -> Self {
        Self {
            id,
            sender,
            text: text.into(),
            media: Vec::new(),
            origin: Origin::default(),
            opt_out: None,
            parameters: Parameters::default(),
            sent_at: None,
        }
    }

    /// Creates a text message of a provider that gives its messages no ids.
    pub fn without_id(sender: Address, text: impl Into<Text>) -> Self {
        Self::new(MessageId::new(""), sender, text)
    }
}

impl Inbound {
    pub fn new(topic: TopicName, received_at: DateTime<Utc>, incoming: Incoming) -> Self {
        let Incoming { id, sender, text, media, origin, opt_out, parameters, .. } = incoming;
        let is_missed = false;
        Self { topic, id, sender, text, media, origin, opt_out, parameters, received_at, is_missed }
    }

    /// Returns the id of the message in logs, events and queues, which no other transport's has.
    pub fn key(&self) -> MessageId {
        MessageId::of(&self.sender.transport, &self.id)
    }
}

/// Outbound message: the recipient with the line that it leaves from, and the content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outbound {
    pub id: MessageId,
    pub to: Address,
    pub text: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Inbound message that this one answers, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Content beside text and media, for recipients that are programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Box<FrameContent>>,
    /// Counters of a message that a program outside has submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[doc(hidden)]
    pub tally: Option<Box<Tally>>,
    /// Bulk messages leave a line when no other message waits for it.
    #[serde(default, skip_serializing_if = "Priority::is_normal")]
    #[doc(hidden)]
    pub priority: Priority,
    /// Continues the message before it, and leaves some time after that one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[doc(hidden)]
    pub continues: bool,
    /// Answers an opt-out, an opt-in or a request for help, so that it is sent to a person who has
    /// opted out too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[doc(hidden)]
    pub is_consent: bool,
    /// Time of the provider's call that has led to this message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(with = "chrono::serde::ts_milliseconds_option")]
    #[doc(hidden)]
    pub called_at: Option<DateTime<Utc>>,
    /// Sealed reference that the provider returns with its reports, set for the time of a send.
    #[serde(skip)]
    #[doc(hidden)]
    pub reference: Option<String>,
}

impl Outbound {
    /// Creates a message with a new id.
    pub fn new(to: Address, text: Text, media: Vec<Media>, cause: Option<Cause>) -> Self {
        let id = MessageId::unique();
        let (content, tally, priority, called_at, reference) = Default::default();
        let (continues, is_consent) = (false, false);
        Self {
            id,
            to,
            text,
            media,
            cause,
            content,
            tally,
            priority,
            continues,
            is_consent,
            called_at,
            reference,
        }
    }

    /// Returns the id under which the message is logged and recorded: that of the message that it answers,
    /// or its own.
    pub fn subject(&self) -> &MessageId {
        self.cause.as_ref().map_or(&self.id, |cause| &cause.id)
    }
}

/// Inbound message that an outbound one answers. The inbound message is *recorded* when the last of its
/// outbound messages is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub id: MessageId,
    /// True for the only outbound message of its cause.
    pub only: bool,
}

/// Internal message to a group, delivered at once or at a scheduled time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wake {
    pub group: Group,
    /// Name that tells the wakes of a handler apart.
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
        // The data may hold an address.
        let mut shown = f.debug_struct("Wake");
        shown.field("group", &self.group).field("name", &self.name).finish_non_exhaustive()
    }
}
