//! Route of the pictures that strangers send each other.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use tokio::sync::Semaphore;

use super::AppState;
use super::response::plain_text;
use crate::contracts::transport::MediaError;

/// Pictures that a process fetches at once. Each takes some times its size in memory.
const AT_ONCE: usize = 16;
static FETCHES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Hands out a picture under the sealed part of its address.
pub(super) async fn show(
    sealed: Path<String>,
    _: HttpRequest,
    state: Data<AppState>,
) -> HttpResponse {
    let Ok(_place) = FETCHES.try_acquire() else {
        let sentence = "too many pictures at once; ask again later";
        return plain_text(StatusCode::SERVICE_UNAVAILABLE, sentence);
    };
    match state.intake.picture(&sealed).await {
        Ok(picture) => HttpResponse::Ok()
            .content_type(picture.content_type)
            .insert_header((CACHE_CONTROL, "private, max-age=86400, immutable"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
            .body(picture.bytes),
        Err(error) => {
            let status = match &error {
                MediaError::Gone => StatusCode::NOT_FOUND,
                MediaError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                _ => {
                    tracing::warn!(%error, "picture not handed out");
                    StatusCode::BAD_GATEWAY
                }
            };
            plain_text(status, &error.to_string())
        }
    }
}
