//! Webhooks of a provider: requests, what they contain, and responses.

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::model::message::{Incoming, MessageId};

/// Webhook request of a provider, as plain data. `Debug` shows neither query, headers nor body.
#[derive(Clone, Default)]
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
    /// Address of the caller; behind a trusted proxy, the one that the proxy names.
    pub client: Option<IpAddr>,
    /// Time of arrival, set by the intake, by which a signature with a time is too old or not.
    pub received_at: DateTime<Utc>,
}

impl fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRequest")
            .field("method", &self.method)
            .field("origin", &self.origin)
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

impl WebhookRequest {
    /// Value of the first header with this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Path, without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
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
#[non_exhaustive]
pub struct Report {
    /// Id of the outbound message, when the provider returns what was attached to it.
    pub message: Option<MessageId>,
    /// Id of the inbound message that it answers, likewise.
    pub cause: Option<MessageId>,
    pub provider_id: String,
    pub status: DeliveryStatus,
    /// Provider's error code, when the message failed.
    pub code: Option<u32>,
    /// Meaning of the code.
    pub meaning: Option<String>,
    /// Verdict of a failed delivery that no message reaches the recipient.
    pub unreachable: Option<Unreachable>,
    /// Sealed reference to the outbound message, when the provider returns one.
    pub reference: Option<String>,
}

/// Verdict of a provider that no message reaches a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// There is no such phone, or it takes no messages.
    Undeliverable,
    /// The recipient has blocked the line, so that nothing more is sent to them.
    OptedOut,
}

impl Report {
    /// Creates a report about the message of this provider id; set further fields on it.
    pub fn new(provider_id: impl Into<String>, status: DeliveryStatus) -> Self {
        let provider_id = provider_id.into();
        let (message, cause, code, meaning) = Default::default();
        let (unreachable, reference) = Default::default();
        Self { message, cause, provider_id, status, code, meaning, unreachable, reference }
    }
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
    /// Caller with a wrong secret, or at an address that is not allowed.
    #[error("not allowed: {0}")]
    Denied(&'static str),
    /// Missing credentials, without which no request can be verified.
    #[error("not configured: {0}")]
    NotConfigured(String),
}
