//! A topic: one app, as topics.toml describes it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A topic's name: 1 to 64 of `a-z A-Z 0-9 _ -`, since it stands in a path and in Redis keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicName(String);

impl TopicName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a topic's name is 1 to 64 of a-z A-Z 0-9 _ and -")]
pub struct InvalidTopicName;

impl FromStr for TopicName {
    type Err = InvalidTopicName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if (1..=64).contains(&name.len()) && name.chars().all(legal) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidTopicName)
        }
    }
}

impl TryFrom<String> for TopicName {
    type Error = InvalidTopicName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<TopicName> for String {
    fn from(name: TopicName) -> Self {
        name.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A handler's private settings: the topic's `[properties]` table, whatever is in it.
pub type Properties = serde_json::Map<String, serde_json::Value>;

/// What an ambiguous send (one that the provider may or may not have taken) is followed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnAmbiguous {
    /// Ask the provider's message list, and send again only when it is provably absent there.
    #[default]
    Reconcile,
    /// Send again at once: a text may arrive twice.
    Retry,
    /// Never send again: a text may not arrive.
    GiveUp,
}

/// What a topic says to people, apart from its handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replies {
    /// Said to whoever's message was accepted; nothing when empty.
    pub accept_response: String,
    /// Say it as a message of its own through the provider's API, not in the webhook's answer.
    pub send_on_accept: bool,
    /// Said when something of ours failed for good.
    pub error_response: String,
}

/// How a topic's messages are worked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Slices of the topic, each on a Redis hash slot of its own.
    pub partitions: u16,
    /// Messages in hand at once, per worker process and partition.
    pub concurrency: usize,
    /// How long a claim stays ours without a heartbeat.
    pub lease: Duration,
    /// How long a handler may take over one message.
    pub handler_timeout: Duration,
    /// Failures, or killed workers, after which a message is buried.
    pub max_attempts: u32,
    /// Messages that may wait in the topic's queue; more are refused with 503.
    pub max_depth: u64,
    /// Messages that may wait in one sender's mailbox; more are answered and dropped.
    pub max_group_depth: u64,
    /// How long the record of a completed message is kept.
    pub retention: Duration,
    /// Records kept at most, oldest dropped first.
    pub max_records: u64,
}

/// Time by which a claim must outlast the provider's timeout when a call begins.
pub const SEND_MARGIN: Duration = Duration::from_millis(250);

/// How a topic sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Messages on their way to the provider at once, per worker process and partition.
    pub concurrency: usize,
    /// How long a claim of an outbound message stays ours without a heartbeat.
    pub lease: Duration,
    /// Connect, and whole request.
    pub connect_timeout: Duration,
    pub timeout: Duration,
    pub max_attempts: u32,
    pub on_ambiguous: OnAmbiguous,
    /// How long the provider's list is given to show an ambiguous message, before each of two looks.
    pub settle: Duration,
}

impl Sending {
    /// Shortest lease under which a call can begin: the timeout, [`SEND_MARGIN`], and the same again
    /// for the way of the claim from the store.
    pub fn shortest_lease(&self) -> Duration {
        self.timeout.saturating_add(2 * SEND_MARGIN)
    }
}

/// One topic, as the file describes it. Whether its transport, handler and validators exist is the
/// registry's to say.
#[derive(Clone)]
#[non_exhaustive]
pub struct TopicConfig {
    pub name: TopicName,
    /// At least one; the first has the webhook `/queue/<topic>`.
    pub transports: Vec<TransportConfig>,
    pub handler: String,
    /// Where its webhook can be reached besides `/queue/<topic>`.
    pub paths: Vec<String>,
    pub validators: Vec<ValidatorConfig>,
    pub replies: Replies,
    pub properties: Arc<Properties>,
    pub limits: Limits,
    pub sending: Sending,
}

/// Transport that a topic names, with the settings that it is built from.
#[derive(Clone)]
pub struct TransportConfig {
    pub name: String,
    /// The table `topics.<topic>.<name>`; empty when there is none.
    pub settings: toml::Table,
}

impl TopicConfig {
    /// Route of a transport below `/queue/` and `/status/`: the topic alone for the first one,
    /// `<topic>/<transport>` for every other.
    pub fn route(&self, transport: &str) -> String {
        match self.transports.first() {
            Some(first) if first.name != transport => format!("{}/{transport}", self.name),
            _ => self.name.to_string(),
        }
    }
}

/// A validator as a topic names it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ValidatorConfig {
    pub name: String,
    /// The validator's own text when absent.
    pub text: Option<String>,
    pub options: Properties,
}

impl fmt::Debug for TopicConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Properties are the handler's own business, and may hold what is nobody else's.
        f.debug_struct("TopicConfig").field("name", &self.name).finish_non_exhaustive()
    }
}
