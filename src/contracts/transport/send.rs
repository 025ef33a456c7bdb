//! Outcomes of sending a message.

use std::time::Duration;

/// Confirmation of the provider that it accepted a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentReceipt {
    /// The provider's id of the message, by which its delivery reports and `find` name it.
    pub provider_id: String,
}

impl SentReceipt {
    pub fn new(provider_id: impl Into<String>) -> Self {
        Self { provider_id: provider_id.into() }
    }
}

/// Failure to send a message, classified by the action that follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Not accepted because of a rate limit: retry, not before `retry_after` when the provider named
    /// a time.
    #[error("throttled by the provider")]
    Throttled { retry_after: Option<Duration> },
    /// Not accepted because the account sends too fast: nothing of the transport is sent for this time.
    #[error("throttled by the provider for the whole account")]
    AccountThrottled { retry_after: Duration },
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
    /// Line (sender number) not usable until an operator repairs it: its messages are retained, once a
    /// message to another recipient was refused too.
    #[error("refused for this line ({code}): {reason}")]
    Line { code: u32, reason: String },
    /// Account not usable until an operator repairs it: all messages of the transport are retained, once
    /// a message to another recipient was refused too.
    #[error("refused for this account ({code}): {reason}")]
    Account { code: u32, reason: String },
}
