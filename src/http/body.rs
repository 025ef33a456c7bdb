//! Request bodies, read with a limit on their size and on the time they take.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;

use super::response::plain_text_and_close;

/// Maximum size of a webhook's body, in bytes. A text of 1600 characters with ten pictures and all
/// other fields of a provider comes to about 20 KiB.
pub const MAX_WEBHOOK_BYTES: usize = 64 * 1024;
/// Time limit for a whole body. The web server limits the time for headers, not for bodies, so a
/// client could hold a connection open with one byte now and then.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The reason why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// Body above the limit, which is given in bytes.
    TooLarge(usize),
    /// The body was not complete in time.
    TooSlow,
    /// Connection lost, or a malformed chunk.
    Broken,
}

impl BodyError {
    /// The response that tells the client what to change.
    pub fn response(self) -> HttpResponse {
        match self {
            Self::TooLarge(limit) => plain_text_and_close(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("the body is too large; send {} KiB at the most", limit / 1024),
            ),
            Self::TooSlow => plain_text_and_close(
                StatusCode::REQUEST_TIMEOUT,
                "the body took too long; send it at once",
            ),
            Self::Broken => plain_text_and_close(
                StatusCode::BAD_REQUEST,
                "the body cannot be read; send it whole",
            ),
        }
    }
}

/// Reads the whole body, within `limit` bytes and the time limit.
pub async fn read(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<Vec<u8>, BodyError> {
    if declared_length(request).is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge(limit));
    }
    tokio::time::timeout(READ_TIMEOUT, collect(payload, limit))
        .await
        .unwrap_or(Err(BodyError::TooSlow))
}

/// Compares the media type of the `Content-Type` header, without its parameters.
pub fn has_content_type(request: &HttpRequest, expected: &str) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = value.and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(expected)
}

fn declared_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
