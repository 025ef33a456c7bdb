//! Answers in plain words.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::contracts::transport::{ReceiveError, WebhookResponse};
use crate::engine::intake::Refusal;

/// How soon it is worth coming back when the store is away, in seconds. Most outages of a store are
/// a restart or a failover.
const RETRY_AFTER: &str = "5";

pub fn sentence(status: StatusCode, text: &str) -> HttpResponse {
    HttpResponseBuilder::new(status)
        .content_type("text/plain; charset=utf-8")
        .body(format!("{text}\n"))
}

/// What is said wherever there is nothing.
pub async fn nothing() -> HttpResponse {
    sentence(StatusCode::NOT_FOUND, "nothing is here; webhooks go to /queue/<topic>")
}

/// Says something, and hangs up: there may be more of the call than anybody wants to read.
pub fn hang_up(status: StatusCode, text: &str) -> HttpResponse {
    let mut response = sentence(status, text);
    response.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
    response
}

pub fn set(response: &mut HttpResponse, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

pub fn of_transport(response: WebhookResponse) -> HttpResponse {
    // A transport names its statuses itself, and all of them exist.
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::OK);
    let mut builder = HttpResponseBuilder::new(status);
    if let Some(content_type) = response.content_type {
        builder.content_type(content_type);
    }
    if response.body.is_empty() { builder.finish() } else { builder.body(response.body) }
}

pub fn of_refusal(refusal: &Refusal) -> HttpResponse {
    let (status, header) = match refusal {
        Refusal::UnknownTopic => (StatusCode::NOT_FOUND, None),
        Refusal::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, Some((header::RETRY_AFTER, RETRY_AFTER)))
        }
        Refusal::Failed => (StatusCode::INTERNAL_SERVER_ERROR, None),
        Refusal::Call(error) => match error {
            ReceiveError::Missing(_) | ReceiveError::Malformed(_) => {
                (StatusCode::BAD_REQUEST, None)
            }
            ReceiveError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, None),
            ReceiveError::Method(allowed) => {
                (StatusCode::METHOD_NOT_ALLOWED, Some((header::ALLOW, *allowed)))
            }
            ReceiveError::ContentType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
            ReceiveError::Forged { .. } => (StatusCode::FORBIDDEN, None),
            ReceiveError::NotConfigured(_) => (StatusCode::SERVICE_UNAVAILABLE, None),
        },
    };
    let mut response = sentence(status, &refusal.to_string());
    if let Some((name, value)) = header {
        set(&mut response, name, value);
    }
    response
}
