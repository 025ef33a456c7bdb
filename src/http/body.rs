//! Reading a body that anybody may have sent.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;

use super::answer::hang_up;

/// A text of 1600 characters with ten pictures and everything else that a provider adds comes to
/// about 20 KiB.
pub const WEBHOOK: usize = 64 * 1024;
/// The web server limits how long headers may take, not bodies; this is for whoever sends one byte
/// now and then.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why there is no body to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The most that is taken, in bytes.
    TooLarge(usize),
    TooSlow,
    Broken,
}

impl Unread {
    pub fn answer(self) -> HttpResponse {
        match self {
            Self::TooLarge(most) => hang_up(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("the body is too large; send {} KiB at the most", most / 1024),
            ),
            Self::TooSlow => {
                hang_up(StatusCode::REQUEST_TIMEOUT, "the body took too long; send it at once")
            }
            Self::Broken => {
                hang_up(StatusCode::BAD_REQUEST, "the body cannot be read; send it whole")
            }
        }
    }
}

/// The whole body, unless it is too slow or has more than `most` bytes.
pub async fn read(request: &HttpRequest, payload: Payload, most: usize) -> Result<Vec<u8>, Unread> {
    if declared(request).is_some_and(|length| length > most) {
        return Err(Unread::TooLarge(most));
    }
    tokio::time::timeout(DEADLINE, collect(payload, most)).await.unwrap_or(Err(Unread::TooSlow))
}

fn declared(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(mut payload: Payload, most: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        if body.len() + chunk.len() > most {
            return Err(Unread::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
