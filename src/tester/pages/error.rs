//! Errors of the tester's pages, each with a sentence that says what to do.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::contracts::storage::StorageError;
use crate::engine::intake::Refusal;
use crate::http::body::BodyError;
use crate::http::response::plain_text;
use crate::tester::INVALID_NUMBER;
use crate::tester::phones::PhoneError;

/// Time limit for the store in one request.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// The reason why a request of the tester's pages failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error("the body could not be read")]
    Body(BodyError),
    #[error("the body is not what this takes; send JSON such as {0}")]
    Shape(&'static str),
    #[error("unsupported content type; use {0}")]
    ContentType(&'static str),
    #[error("{INVALID_NUMBER}")]
    Number,
    #[error("{0}")]
    Invalid(&'static str),
    #[error("no such topic; GET /tester/topics lists those that run here")]
    UnknownTopic,
    #[error("it is not on the board any more; send it as a new message")]
    MessageGone,
    #[error("The store could not be reached. Please check that it is running, and try again.")]
    StoreUnavailable,
    #[error("the phones are still being let go; see that a worker is running, and try again")]
    NoWorker,
    /// Refusal of a webhook that this process itself has built.
    #[error("the server refused its own request; its log says why")]
    Internal,
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Body(_) | Self::Shape(_) | Self::Number | Self::Invalid(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::UnknownTopic | Self::MessageGone => StatusCode::NOT_FOUND,
            Self::StoreUnavailable | Self::NoWorker => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Body(error) => error.response(),
            other => plain_text(other.status_code(), &other.to_string()),
        }
    }
}

impl From<BodyError> for PageError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<StorageError> for PageError {
    fn from(_: StorageError) -> Self {
        Self::StoreUnavailable
    }
}

impl From<PhoneError> for PageError {
    fn from(error: PhoneError) -> Self {
        match error {
            PhoneError::Storage(_) | PhoneError::Refused(Refusal::Unavailable) => {
                Self::StoreUnavailable
            }
            PhoneError::Refused(Refusal::UnknownTopic) => Self::UnknownTopic,
            PhoneError::Refused(Refusal::Call(_) | Refusal::Failed) => Self::Internal,
        }
    }
}

/// Awaits a call of the store, within its time limit.
pub(super) async fn in_time<T, E: Into<PageError>>(
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, PageError> {
    tokio::time::timeout(STORE_TIMEOUT, call)
        .await
        .map_err(|_| PageError::StoreUnavailable)?
        .map_err(Into::into)
}
