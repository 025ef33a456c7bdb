//! The contract of a transport: one provider's wire format, and nothing of queues, topics or HTTP
//! servers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use indexmap::IndexMap;

use crate::model::message::{Incoming, MessageId, Outbound};

/// A provider's call to us, as plain data. `Debug` shows none of what it says.
#[derive(Clone)]
pub struct WebhookRequest {
    /// In capitals: `POST`.
    pub method: String,
    /// Scheme, host and port as the provider sees us, without a trailing slash:
    /// `https://example.com`.
    pub origin: String,
    /// Path and query exactly as they stood in the request line. Signatures are made over the raw
    /// bytes, so nobody may decode and encode it again.
    pub target: String,
    /// Names in lower case. A name that was sent twice stands here twice.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        f.debug_struct("WebhookRequest")
            .field("method", &self.method)
            .field("origin", &self.origin)
            .field("path", &path)
            .finish_non_exhaustive()
    }
}

impl WebhookRequest {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The raw query, without its question mark.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// What we say to a provider's call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookResponse {
    pub status: u16,
    pub content_type: Option<&'static str>,
    pub body: String,
}

/// What a provider's call turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    Message(Box<Incoming>),
    Report(Report),
    /// Genuine, and nothing to do about it.
    Nothing,
}

/// A delivery report: what the provider says became of a message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Our id of the message, when the provider gives back what we attached to it.
    pub message: Option<MessageId>,
    /// The inbound message that it was owed for, likewise.
    pub cause: Option<MessageId>,
    pub provider_id: String,
    pub status: DeliveryStatus,
    /// The provider's code, when it failed.
    pub code: Option<u32>,
}

/// How far a message of ours has come. Reports arrive unordered and more than once: a later state
/// wins over an earlier one, never the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// Taken over by the provider, on its way.
    Underway,
    Sent,
    Delivered,
    Failed,
}

/// Why a provider's call was refused. Each becomes an HTTP status and a sentence for whoever called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    #[error("missing: {}; send every required field, with a value", .0.join(", "))]
    Missing(Vec<&'static str>),
    #[error("{0}")]
    Malformed(String),
    #[error("{0}")]
    TooLarge(String),
    /// The methods that are, as the header `Allow` lists them: `GET, POST`.
    #[error("method not allowed; allowed are {0}")]
    Method(&'static str),
    #[error("unsupported content type; use {0}")]
    ContentType(&'static str),
    /// Not from the provider, or not for this address. `signed_url` is the URL that was checked, for
    /// the log; the caller is not told it.
    #[error("the request's signature does not match")]
    Forged { signed_url: String },
    /// Nobody has said yet how to tell a genuine call.
    #[error("not configured: {0}")]
    NotConfigured(String),
}

/// The provider has taken the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentReceipt {
    pub provider_id: String,
}

/// Why a message was not sent, in terms of what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Not taken, too fast: try again, not before `retry_after` when the provider named a time.
    #[error("throttled by the provider")]
    Throttled { retry_after: Option<Duration> },
    /// Certainly not taken: try again.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Nobody knows whether it was taken: find out before trying again.
    #[error("outcome unknown: {0}")]
    Ambiguous(String),
    /// Never for this recipient: no use in trying again.
    #[error("refused for this recipient ({code}): {reason}")]
    Recipient { code: u32, reason: String },
    /// Never with this content: no use in trying again.
    #[error("refused for this message ({code}): {reason}")]
    Message { code: u32, reason: String },
    /// Never from this line until an operator has mended it: hold what leaves from it.
    #[error("refused for this line ({code}): {reason}")]
    Line { code: u32, reason: String },
    /// Nothing can be sent until an operator has mended the account: hold everything.
    #[error("refused for this account ({code}): {reason}")]
    Account { code: u32, reason: String },
}

/// Knows one provider's wire format and nothing of queues, topics or web servers.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Proves that a call is genuine, and understands it. Pure: no I/O.
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError>;

    /// The answer to a genuine call, with something to say to the sender or without.
    fn answer(&self, text: Option<&str>) -> WebhookResponse;

    /// Hands one message to the provider. The error says what to do next.
    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError>;

    /// Everything that the provider's own list holds which may be `message`: same recipient, same
    /// line, same content, made at or after `since`, newest first. `None`: this provider cannot
    /// tell.
    async fn find(
        &self,
        message: &Outbound,
        since: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError>;

    /// What an operator has to do before this one can be used, if anything.
    fn missing(&self) -> Option<&str> {
        None
    }
}

/// Transports of a topic by name, which is the `transport` of the addresses that each one reaches.
#[derive(Clone, Default)]
pub struct Transports(IndexMap<String, Arc<dyn Transport>>);

impl Transports {
    /// Adds a transport; it replaces one of the same name.
    #[must_use]
    pub fn with(mut self, name: &str, transport: Arc<dyn Transport>) -> Self {
        self.0.insert(name.to_owned(), transport);
        self
    }

    pub fn get(&self, name: &str) -> Option<&Arc<dyn Transport>> {
        self.0.get(name)
    }
}

impl IntoIterator for Transports {
    type Item = (String, Arc<dyn Transport>);
    type IntoIter = indexmap::map::IntoIter<String, Arc<dyn Transport>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
