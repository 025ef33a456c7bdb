//! Pauses of sending, which all processes of a deployment share.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::error::StorageError;
use crate::model::address::{Address, GroupKey, Identity, LineKey};
use crate::model::topic::TopicName;

/// Transport of a topic, or one line of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PauseScope {
    pub transport: String,
    /// Every line of the transport when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Identity>,
    /// Paused by an operator, beside what its provider causes: no message that is taken ends it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_operator: bool,
}

/// Transport that stands for a whole topic, of which nothing is handled and nothing sent.
const TOPIC: &str = "*";

impl PauseScope {
    /// Returns the scope of a provider's pause.
    pub fn of_provider(transport: &str, line: Option<Identity>) -> Self {
        Self { transport: transport.to_owned(), line, by_operator: false }
    }

    /// Returns the scope of an operator's pause.
    pub fn of_operator(transport: &str, line: Option<Identity>) -> Self {
        Self { transport: transport.to_owned(), line, by_operator: true }
    }

    /// Returns the scope of an operator's pause of a whole topic. Messages are taken in all the same.
    pub fn of_topic() -> Self {
        Self::of_operator(TOPIC, None)
    }

    /// Returns whether this is the pause of a whole topic.
    pub fn is_topic(&self) -> bool {
        self.transport == TOPIC
    }

    /// Returns the key of the lines that the scope covers.
    pub fn key(&self, groups: &GroupKey) -> LineKey {
        match &self.line {
            Some(line) => groups.line(&Address::new(&self.transport, "", line.reveal())),
            None => groups.transport(&self.transport),
        }
    }

    /// Returns the form in which a store keeps the scope.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a scope is strings throughout")
    }

    /// Returns the form in which operators name the scope: `*` for a whole topic.
    pub fn short(&self) -> String {
        if self.is_topic() { TOPIC.to_owned() } else { self.encode() }
    }

    /// Reads the form in which a store keeps a scope.
    ///
    /// # Errors
    /// `Corrupt` when the store holds something else.
    pub fn decode(stored: &str) -> Result<Self, StorageError> {
        let corrupt = |_| StorageError::Corrupt("a pause of another shape".to_owned());
        serde_json::from_str(stored).map_err(corrupt)
    }
}

/// Shows the line masked, so that the scope may stand in a log.
impl fmt::Display for PauseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            _ if self.is_topic() => f.write_str("the whole topic"),
            Some(line) => write!(f, "{} from line {line}", self.transport),
            None => f.write_str(&self.transport),
        }
    }
}

/// Pause of sending: the provider rejected the account or the line, and messages are retained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    pub scope: PauseScope,
    /// Time until the next attempt.
    pub remaining: Duration,
    /// Provider's error code; 0 when the pause is our own.
    pub code: u32,
    pub reason: String,
}

/// Time of a pause that an operator ends.
pub const UNTIL_RESUMED: Duration = Duration::from_hours(10 * 365 * 24);

impl Pause {
    /// Returns the time until the next attempt; nothing when an operator ends the pause.
    pub fn ends_in(&self) -> Option<Duration> {
        // No other pause is as long as half of it.
        Some(self.remaining).filter(|time| *time < UNTIL_RESUMED / 2)
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, remaining, code, reason } = self;
        let seconds = remaining.as_millis().div_ceil(1000);
        let time = self.ends_in().map_or_else(String::new, |_| format!(" for {seconds} s"));
        // The provider's text may hold anything.
        let reason: String = reason.chars().filter(|c| !c.is_control()).collect();
        let what = if scope.is_topic() { "" } else { "sending by " };
        write!(f, "{what}{scope} is paused{time}, messages are retained: ")?;
        if *code == 0 { f.write_str(&reason) } else { write!(f, "{reason} ({code})") }
    }
}

/// Pauses of sending, kept with the store's own clock.
#[async_trait]
pub trait Pauses: Send + Sync {
    /// Pauses a scope of a topic; replaces an earlier pause of the same scope.
    async fn pause(&self, topic: &TopicName, pause: &Pause) -> Result<(), StorageError>;

    /// Returns the pauses of a topic that have not ended, by scope.
    async fn pauses(&self, topic: &TopicName) -> Result<Vec<Pause>, StorageError>;

    /// Ends a pause before its time.
    async fn resume(&self, topic: &TopicName, scope: &PauseScope) -> Result<(), StorageError>;
}
