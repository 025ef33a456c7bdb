//! Errors of the API, as RFC 9457 writes them: `application/problem+json`.

use std::fmt;
use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde_json::json;

use crate::engine::intake::Refusal;
use crate::engine::submissions::SubmitError;
use crate::http::body::BodyError;

/// `Retry-After` of what waits for a store or for room in a queue, in seconds.
const RETRY_AFTER: u64 = 5;

/// Kind of a problem: the last part of its `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemCode {
    Malformed,
    Invalid,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    TooSlow,
    KeyReused,
    TooLate,
    TooLarge,
    ContentType,
    TooManyAttempts,
    MailboxFull,
    Internal,
    Unavailable,
}

impl ProblemCode {
    /// Kinds with their name, status and title.
    pub const ALL: [(Self, &'static str, u16, &'static str); 15] = [
        (Self::Malformed, "malformed", 400, "The body is not the JSON that this takes"),
        (Self::Unauthorized, "unauthorized", 401, "A token is needed"),
        (Self::Forbidden, "forbidden", 403, "The token does not allow this"),
        (Self::NotFound, "not-found", 404, "Nothing is here"),
        (Self::MethodNotAllowed, "method-not-allowed", 405, "The method is not allowed"),
        (Self::TooSlow, "too-slow", 408, "The body took too long"),
        (Self::KeyReused, "key-reused", 409, "The idempotency key belongs to another request"),
        (Self::TooLate, "too-late", 409, "The message does not wait any more"),
        (Self::TooLarge, "too-large", 413, "The body is too large"),
        (Self::ContentType, "content-type", 415, "The body has another content type"),
        (Self::Invalid, "invalid", 422, "A field is invalid"),
        (Self::TooManyAttempts, "too-many-attempts", 429, "Too many wrong tokens"),
        (Self::MailboxFull, "mailbox-full", 429, "Too many messages wait for the recipient"),
        (Self::Internal, "internal", 500, "The server failed"),
        (Self::Unavailable, "unavailable", 503, "The server cannot take it now"),
    ];

    fn row(self) -> (Self, &'static str, u16, &'static str) {
        let row = Self::ALL.into_iter().find(|(code, ..)| *code == self);
        row.unwrap_or((Self::Internal, "internal", 500, "The server failed"))
    }
}

/// Answer to a request that had no effect.
#[derive(Debug)]
pub(super) struct Problem {
    code: ProblemCode,
    detail: String,
    retry_after: Option<u64>,
    allow: Option<&'static str>,
}

impl Problem {
    pub(super) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after: None, allow: None }
    }

    fn later(code: ProblemCode, detail: impl Into<String>, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(code, detail) }
    }

    pub(super) fn too_many_attempts(delay: Duration) -> Self {
        // A whole second more, since the header has no fractions.
        let seconds = delay.as_secs() + 1;
        let detail = format!("try again in {seconds} s");
        Self::later(ProblemCode::TooManyAttempts, detail, seconds)
    }

    pub(super) fn response(&self) -> HttpResponse {
        let (code, name, status, title) = self.code.row();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({
            "type": format!("urn:crosswire:problem:{name}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.detail,
        });
        let mut response = HttpResponseBuilder::new(status);
        response.content_type("application/problem+json");
        if code == ProblemCode::Unauthorized {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"crosswire\""));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if let Some(allowed) = self.allow {
            response.insert_header((header::ALLOW, allowed));
        }
        let mut response = response.body(body.to_string());
        if matches!(code, ProblemCode::TooLarge | ProblemCode::TooSlow) {
            // The rest of the body is not read.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(limit) => {
                let detail = format!("send {} KiB at the most", limit / 1024);
                Self::new(ProblemCode::TooLarge, detail)
            }
            BodyError::TooSlow => Self::new(ProblemCode::TooSlow, "send it at once"),
            BodyError::Broken => Self::new(ProblemCode::Malformed, "send the body whole"),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        let detail = error.to_string();
        match error {
            SubmitError::NotFound => Self::new(ProblemCode::NotFound, detail),
            SubmitError::UnknownTopic | SubmitError::Invalid { .. } => {
                Self::new(ProblemCode::Invalid, detail)
            }
            SubmitError::KeyReused => Self::new(ProblemCode::KeyReused, detail),
            SubmitError::TooLate(_) => Self::new(ProblemCode::TooLate, detail),
            SubmitError::MailboxFull => Self::later(ProblemCode::MailboxFull, detail, RETRY_AFTER),
            SubmitError::QueueFull | SubmitError::Busy | SubmitError::Unavailable => {
                Self::later(ProblemCode::Unavailable, detail, RETRY_AFTER)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownTopic => Self::new(
                ProblemCode::Invalid,
                "transport: no messages come in by it; name another of the topic's transports",
            ),
            Refusal::Unavailable => {
                Self::later(ProblemCode::Unavailable, refusal.to_string(), RETRY_AFTER)
            }
            Refusal::Call(_) | Refusal::Failed => {
                Self::new(ProblemCode::Internal, "the server's log says why")
            }
        }
    }
}

/// Returns the answer to a path without a route.
pub(super) fn no_route() -> HttpResponse {
    Problem::new(ProblemCode::NotFound, "GET /api/openapi.json lists what there is").response()
}

/// Returns the answer to a method that a route does not have.
pub(super) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let detail = format!("allowed are {allowed}");
    let problem = Problem::new(ProblemCode::MethodNotAllowed, detail);
    Problem { allow: Some(allowed), ..problem }.response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_row() {
        for (code, name, status, _) in ProblemCode::ALL {
            let response = Problem::new(code, "a sentence").response();
            assert_eq!(response.status().as_u16(), status, "{name}");
            assert_eq!(code.row().1, name);
        }
    }
}
