//! Contract of a transport: one provider's wire format, without queues, topics or HTTP servers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use indexmap::IndexMap;

use crate::model::message::{Incoming, MessageId, Outbound};

/// Webhook request of a provider, as plain data. `Debug` shows neither query, headers nor body.
#[derive(Clone)]
pub struct WebhookRequest {
    /// Upper case: `POST`.
    pub method: String,
    /// Scheme, host and port that the provider called, without a trailing slash:
    /// `https://example.com`.
    pub origin: String,
    /// Path and query exactly as they stood in the request line. Signatures cover the raw bytes, so
    /// the target is never decoded and encoded again.
    pub target: String,
    /// Names in lower case. A header that was sent twice is here twice.
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
    /// Value of the first header with this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Raw query, without its question mark.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// Response to a webhook request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookResponse {
    pub status: u16,
    pub content_type: Option<&'static str>,
    pub body: String,
}

/// Content of a genuine webhook request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    Message(Box<Incoming>),
    Report(Report),
    /// Request that asks for no action.
    Nothing,
}

/// Delivery report: the provider's statement about the state of an outbound message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Id of the outbound message, when the provider returns what was attached to it.
    pub message: Option<MessageId>,
    /// Id of the inbound message that it answers, likewise.
    pub cause: Option<MessageId>,
    pub provider_id: String,
    pub status: DeliveryStatus,
    /// Provider's error code, when the message failed.
    pub code: Option<u32>,
}

/// State of an outbound message at the provider, in order of progress. Reports arrive unordered and
/// more than once; a state is replaced by a later one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// Accepted by the provider, not yet handed to a carrier.
    Underway,
    Sent,
    Delivered,
    Failed,
}

/// Reason for refusing a webhook request. Displays as the sentence that the caller receives.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    #[error("missing: {}; send every required field, with a value", .0.join(", "))]
    Missing(Vec<&'static str>),
    #[error("{0}")]
    Malformed(String),
    #[error("{0}")]
    TooLarge(String),
    /// Allowed methods, in the form of the header `Allow`: `GET, POST`.
    #[error("method not allowed; allowed are {0}")]
    Method(&'static str),
    #[error("unsupported content type; use {0}")]
    ContentType(&'static str),
    /// Signature of another URL, body or key. `signed_url` is the URL that was checked; it is for the
    /// log and not shown to the caller.
    #[error("the request's signature does not match")]
    Forged { signed_url: String },
    /// Missing credentials, without which no request can be verified.
    #[error("not configured: {0}")]
    NotConfigured(String),
}

/// Confirmation of the provider that it accepted a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentReceipt {
    pub provider_id: String,
}

/// Failure to send a message, classified by the action that follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Not accepted because of a rate limit: retry, not before `retry_after` when the provider named
    /// a time.
    #[error("throttled by the provider")]
    Throttled { retry_after: Option<Duration> },
    /// Certainly not accepted: retry with back-off.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Accepted or not, which cannot be told: reconcile before a retry.
    #[error("outcome unknown: {0}")]
    Ambiguous(String),
    /// Permanent for this recipient: no retry.
    #[error("refused for this recipient ({code}): {reason}")]
    Recipient { code: u32, reason: String },
    /// Permanent for this content: no retry.
    #[error("refused for this message ({code}): {reason}")]
    Message { code: u32, reason: String },
    /// Line (sender number) not usable until an operator repairs it: its messages are retained.
    #[error("refused for this line ({code}): {reason}")]
    Line { code: u32, reason: String },
    /// Account not usable until an operator repairs it: all messages of the transport are retained.
    #[error("refused for this account ({code}): {reason}")]
    Account { code: u32, reason: String },
}

/// Client of one provider: verifies and parses its webhooks, and sends messages through its API.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Verifies that a request is genuine, and parses it. Pure: no I/O, and bounded work before the
    /// request is known to be genuine.
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError>;

    /// Response to a genuine request, with a text for the sender or without one.
    fn answer(&self, text: Option<&str>) -> WebhookResponse;

    /// Sends one message. The error class decides what follows.
    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError>;

    /// Entries of the provider's message list that may be `message`: same recipient, line and content,
    /// created at or after `since`, newest first. `None` when the provider has no such list.
    async fn find(
        &self,
        message: &Outbound,
        since: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError>;

    /// Action that an operator must take before this transport can be used, if there is one.
    fn missing(&self) -> Option<&str> {
        None
    }
}

/// Transports of a topic by name, which is the `transport` of the addresses that each one reaches.
#[derive(Clone, Default)]
#[doc(hidden)]
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
