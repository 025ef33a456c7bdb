//! Topic: one app of the server, as topics.toml describes it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::budget::Budgets;
use crate::model::job::Job;

/// Name of a topic: 1 to 64 of `a-z A-Z 0-9 _ -`, since it is part of paths and of Redis keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicName(String);

impl TopicName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Error for a text that is no topic name.
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

/// Settings of a handler: the topic's `[properties]` table, which only the handler interprets.
pub type Properties = serde_json::Map<String, serde_json::Value>;

/// Policy for an ambiguous send, one that the provider may or may not have accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnAmbiguous {
    /// Search the provider's message list, and send again only if the message is provably absent.
    #[default]
    Reconcile,
    /// Send again at once: a text may arrive twice.
    Retry,
    /// Never send again: a text may not arrive.
    GiveUp,
}

/// Texts that a topic sends besides those of its handler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replies {
    /// Reply to an accepted message; none when empty.
    pub accept_response: String,
    /// Sends the accept response through the provider's API, not in the webhook's response.
    pub send_on_accept: bool,
    /// Reply to a message that cannot be processed.
    pub error_response: String,
    /// Time within which the same error text or refusal goes to a person once.
    pub error_every: Duration,
    /// Notice for a person who writes faster than the topic allows, at most once an hour; none when
    /// empty.
    pub sender_notice: String,
    /// Reply to an opt-out; the provider's own when empty.
    pub stop_response: String,
    /// Reply to an opt-in; the provider's own when empty.
    pub start_response: String,
    /// Reply to a request for help; when empty, the provider's own, or the handler's.
    pub help_response: String,
}

/// Rate at which the messages of one person are taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderLimits {
    /// Messages per minute; no limit when 0.
    pub rate: u32,
    /// Messages at once, before the rate applies.
    pub burst: u32,
    /// Stated by the topic, so that they hold for the tester's phones too.
    pub are_explicit: bool,
}

impl Default for SenderLimits {
    fn default() -> Self {
        Self { rate: 10, burst: 20, are_explicit: false }
    }
}

/// Limits of a topic's processing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Number of partitions, each on a Redis hash slot of its own.
    pub partitions: u16,
    /// Messages that are handled at once, per worker process and partition.
    pub concurrency: usize,
    /// Time that a claim lasts without a heartbeat.
    pub lease: Duration,
    /// Time that a handler may take for one message.
    pub handler_timeout: Duration,
    /// Failures, or lost workers, after which a message is buried.
    pub max_attempts: u32,
    /// Maximum backlog of one partition, inbound and outbound; above it messages are refused with 503.
    pub max_depth: u64,
    /// Age of the oldest message that waits for a worker, in one partition; above it messages are refused
    /// with 503. No limit when zero.
    pub max_backlog_age: Duration,
    /// Largest backlog of one sender; further messages are acknowledged and dropped.
    pub max_group_depth: u64,
    /// Messages to one recipient that may wait before those of other people wait in their mailboxes.
    pub max_recipient_depth: u64,
    pub senders: SenderLimits,
    /// Retention of the events of a completed message.
    pub retention: Duration,
    /// Largest number of events kept, of which the oldest are dropped first.
    pub max_records: u64,
}

/// Time by which a claim must outlast the provider's timeout when a call begins.
pub const SEND_MARGIN: Duration = Duration::from_millis(250);

/// Settings of a topic's outbound messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Messages that are sent at once, per worker process and partition.
    pub concurrency: usize,
    /// Time that the claim of an outbound message lasts without a heartbeat.
    pub lease: Duration,
    pub connect_timeout: Duration,
    /// Limit of the whole request.
    pub timeout: Duration,
    pub max_attempts: u32,
    pub on_ambiguous: OnAmbiguous,
    /// Wait before each of two searches of the provider's list for an ambiguous message.
    pub settle: Duration,
    pub rate: LineRate,
    /// Time between two parts of one text.
    pub gap: Duration,
    /// Equal texts in a row that one recipient gets within ten minutes; any number when 0.
    pub repeats: u32,
    pub budgets: Budgets,
}

/// Rate at which messages leave a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineRate {
    /// Rate of the line's kind, as the transport knows it.
    #[default]
    Auto,
    Unlimited,
    /// A segment in this time.
    Every(Duration),
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            concurrency: 16,
            lease: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            max_attempts: 20,
            on_ambiguous: OnAmbiguous::Reconcile,
            settle: Duration::from_secs(15),
            rate: LineRate::Auto,
            gap: Duration::from_secs(1),
            repeats: 10,
            budgets: Budgets::default(),
        }
    }
}

impl Sending {
    /// Shortest lease under which a call can begin: the timeout, [`SEND_MARGIN`], and the same again
    /// for the way of the claim from the store.
    pub fn shortest_lease(&self) -> Duration {
        self.timeout.saturating_add(2 * SEND_MARGIN)
    }
}

/// Configuration of one topic. The registry checks that its transports, handler and validators exist.
#[derive(Clone)]
#[non_exhaustive]
pub struct TopicConfig {
    pub name: TopicName,
    /// At least one; the first has the webhook `/queue/<topic>`.
    pub transports: Vec<TransportConfig>,
    pub handler: String,
    /// Additional paths of the first transport's webhook.
    pub paths: Vec<String>,
    pub validators: Vec<ValidatorConfig>,
    pub replies: Replies,
    pub properties: Arc<Properties>,
    pub limits: Limits,
    pub sending: Sending,
    /// Jobs: wakes of the handler at times of the calendar.
    pub jobs: Vec<Job>,
    /// The table `events`, by which the topic reports its events to a webhook.
    pub events: Option<toml::Table>,
}

/// Transport that a topic names, with the settings that it is built from.
#[derive(Clone)]
pub struct TransportConfig {
    /// Name in addresses and in the paths of the webhook.
    pub name: String,
    /// Name of the transport in the registry: the key `kind` of its table, or its own name.
    pub kind: String,
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

/// Validator that a topic names, with its options.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ValidatorConfig {
    pub name: String,
    /// Reply to a rejected message; the validator's default text when absent.
    pub text: Option<String>,
    pub options: Properties,
}

impl fmt::Debug for TopicConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Properties may hold secrets of the handler.
        f.debug_struct("TopicConfig").field("name", &self.name).finish_non_exhaustive()
    }
}
