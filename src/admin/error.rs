//! Errors of the operator's API, each with a code for programs and a sentence that says what to do.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde_json::json;

use crate::contracts::storage::StorageError;
use crate::engine::operations::OperationError;
use crate::http::body::BodyError;
use crate::http::response::set_header;

/// The reason why a request of the operator's API failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdminError {
    #[error("log in first, with the ADMIN_TOKEN or the ADMIN_READ_TOKEN")]
    LoggedOut,
    #[error("this token is wrong; use the ADMIN_TOKEN or the ADMIN_READ_TOKEN of the deployment")]
    WrongToken,
    #[error("too many wrong tokens; try again in {} s", .0.as_secs() + 1)]
    Throttled(Duration),
    #[error(
        "this session may only read; log in with the ADMIN_TOKEN to change something, or to search by a number"
    )]
    ReadOnly,
    #[error("this was sent by another site or from an old page; load /admin again")]
    CrossSite,
    #[error("{0}")]
    Invalid(String),
    #[error("the body could not be read; send JSON of at most 64 KiB at once")]
    Body(BodyError),
    #[error("send application/json")]
    ContentType,
    #[error("{0}")]
    NotFound(String),
    #[error("the store could not be reached; check that it is running, and try again")]
    StoreAway,
    #[error("this is too much to read in a minute; name a topic, or a later time")]
    TooLong,
    #[error("this takes longer than a minute and goes on; the audit log tells its outcome")]
    GoesOn,
    #[error("others read much at the moment; try again in {} s", .0.as_secs())]
    Busy(Duration),
    #[error("the store holds something that cannot be read; the log says what")]
    Internal,
}

impl AdminError {
    fn code(&self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::WrongToken => "wrong_token",
            Self::Throttled(_) => "throttled",
            Self::ReadOnly => "read_only",
            Self::CrossSite => "cross_site",
            Self::Invalid(_) => "invalid",
            Self::Body(_) => "body",
            Self::ContentType => "content_type",
            Self::NotFound(_) => "not_found",
            Self::StoreAway => "store_away",
            Self::TooLong => "too_long",
            Self::GoesOn => "goes_on",
            Self::Busy(_) => "busy",
            Self::Internal => "internal",
        }
    }
}

impl ResponseError for AdminError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::LoggedOut | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::ReadOnly | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Body(error) => error.response().status(),
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::StoreAway | Self::TooLong | Self::GoesOn | Self::Busy(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut body = json!({"error": {"code": self.code(), "message": self.to_string()}});
        let mut response = HttpResponseBuilder::new(self.status_code());
        let delay = match self {
            // A whole second more, since the header has no fractions.
            Self::Throttled(delay) => Some(delay.as_secs() + 1),
            Self::Busy(delay) => Some(delay.as_secs()),
            _ => None,
        };
        if let Some(seconds) = delay {
            response.insert_header((RETRY_AFTER, HeaderValue::from(seconds)));
            body["retry_after"] = seconds.into();
        }
        response.json(body)
    }
}

impl From<BodyError> for AdminError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<OperationError> for AdminError {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Storage(error) => error.into(),
            unknown @ OperationError::UnknownTopic => Self::NotFound(unknown.to_string()),
            OperationError::Invalid(sentence) => Self::Invalid(sentence),
        }
    }
}

impl From<StorageError> for AdminError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Corrupt(_) => {
                tracing::warn!(%error, "operator's request failed");
                Self::Internal
            }
            StorageError::Unavailable(_) | StorageError::Refused(_) | StorageError::Held(_) => {
                Self::StoreAway
            }
        }
    }
}

/// The response of every path without a route.
pub(super) async fn no_route() -> HttpResponse {
    AdminError::NotFound("nothing is here; the page is at /admin".to_owned()).error_response()
}

/// The 405 response, with the methods that the route allows.
pub(super) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let message = format!("method not allowed; allowed are {allowed}");
    let body = json!({"error": {"code": "method", "message": message}});
    let mut response = HttpResponseBuilder::new(StatusCode::METHOD_NOT_ALLOWED).json(body);
    set_header(&mut response, ALLOW, allowed);
    response
}
