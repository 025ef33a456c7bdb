//! Errors of submissions, each with a sentence that says what to do.

use super::Status;

/// Reason for not taking a submission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    #[error("there is no such topic; name one of topics.toml")]
    UnknownTopic,
    /// A field with an error. No sentence quotes its value.
    #[error("{field}: {problem}")]
    Invalid { field: String, problem: String },
    #[error("this idempotency key was used for another request; use a new key for a new request")]
    KeyReused,
    #[error("too many messages wait for this recipient; send it again later")]
    MailboxFull,
    #[error("too many messages wait in this topic; send it again later")]
    QueueFull,
    #[error("too many requests are in hand; send it again later")]
    Busy,
    #[error("the store is away; send it again later")]
    Unavailable,
    #[error("there is no such message or batch; its record may have expired")]
    NotFound,
    #[error("it is {0} already; only a message that waits can be cancelled")]
    TooLate(Status),
}

impl SubmitError {
    pub(super) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}
