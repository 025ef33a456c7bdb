//! Why a call of the tester's page got nowhere, in a sentence that says what to do.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::contracts::storage::StorageError;
use crate::engine::intake::Refusal;
use crate::http::answer::sentence;
use crate::http::body::Unread;
use crate::tester::NOT_A_NUMBER;
use crate::tester::phones::PhoneError;

/// A store that is slower than this is as good as away.
const DEADLINE: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the body could not be read")]
    Body(Unread),
    #[error("the body is not what this takes; send JSON such as {0}")]
    Shape(&'static str),
    #[error("unsupported content type; use {0}")]
    ContentType(&'static str),
    #[error("{NOT_A_NUMBER}")]
    Number,
    #[error("{0}")]
    Unfit(&'static str),
    #[error("no such topic; GET /tester/topics lists those that run here")]
    Topic,
    #[error("it is not on the board any more; send it as a new message")]
    Gone,
    #[error("The store could not be reached. Please check that it is running, and try again.")]
    Away,
    /// It was a call of our own making.
    #[error("the server refused its own call; its log says why")]
    Own,
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Body(_) | Self::Shape(_) | Self::Number | Self::Unfit(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Topic | Self::Gone => StatusCode::NOT_FOUND,
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
            Self::Own => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Body(unread) => unread.answer(),
            other => sentence(other.status_code(), &other.to_string()),
        }
    }
}

impl From<Unread> for Refused {
    fn from(unread: Unread) -> Self {
        Self::Body(unread)
    }
}

impl From<StorageError> for Refused {
    fn from(_: StorageError) -> Self {
        Self::Away
    }
}

impl From<PhoneError> for Refused {
    fn from(error: PhoneError) -> Self {
        match error {
            PhoneError::Storage(_) | PhoneError::Refused(Refusal::Unavailable) => Self::Away,
            PhoneError::Refused(Refusal::UnknownTopic) => Self::Topic,
            PhoneError::Refused(Refusal::Call(_) | Refusal::Failed) => Self::Own,
        }
    }
}

/// What came of it, unless the store takes too long over it.
pub(super) async fn in_time<T, E: Into<Refused>>(
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, Refused> {
    tokio::time::timeout(DEADLINE, call).await.map_err(|_| Refused::Away)?.map_err(Into::into)
}
