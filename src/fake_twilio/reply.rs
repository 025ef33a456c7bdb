//! Responses, before they are written.

use std::time::Duration;

use serde_json::Value;

use super::refusal::Refusal;

/// Response of the API.
pub(super) enum Reply {
    Json(u16, Value),
    Empty,
    Refused(Refusal),
    Throttled(Option<u64>),
    /// Error page of a proxy, with this status.
    Page(u16),
    /// Closes the connection after this time, without a response.
    Cut(Duration),
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
