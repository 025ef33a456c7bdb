//! Plain-text HTTP responses, shared by every route.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::contracts::transport::{ReceiveError, WebhookResponse};
use crate::engine::intake::Refusal;

/// `Retry-After` while the store is unreachable, in seconds. Most outages of a store are a restart
/// or a failover.
const STORE_RETRY_AFTER: &str = "5";

/// Response with one line of plain text.
pub fn plain_text(status: StatusCode, text: &str) -> HttpResponse {
    HttpResponseBuilder::new(status)
        .content_type("text/plain; charset=utf-8")
        .body(format!("{text}\n"))
}

/// The 404 response of every path without a route.
pub async fn not_found() -> HttpResponse {
    plain_text(StatusCode::NOT_FOUND, "nothing is here; webhooks go to /queue/<topic>")
}

/// The 405 response, with the methods that the route allows.
pub fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let text = format!("method not allowed; allowed are {allowed}");
    let mut response = plain_text(StatusCode::METHOD_NOT_ALLOWED, &text);
    set_header(&mut response, header::ALLOW, allowed);
    response
}

/// Plain-text response that closes the connection: the rest of the request body is not read.
pub fn plain_text_and_close(status: StatusCode, text: &str) -> HttpResponse {
    let mut response = plain_text(status, text);
    response.head_mut().set_connection_type(ConnectionType::Close);
    response
}

/// Sets one header of a response.
pub fn set_header(response: &mut HttpResponse, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Converts a transport's answer to a webhook.
pub fn transport_response(response: WebhookResponse) -> HttpResponse {
    // Transports name their status codes in code of ours, so each of them is valid.
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::OK);
    let mut builder = HttpResponseBuilder::new(status);
    if let Some(content_type) = response.content_type {
        builder.content_type(content_type);
    }
    if response.body.is_empty() { builder.finish() } else { builder.body(response.body) }
}

/// Converts the intake's refusal of a webhook.
pub fn refusal_response(refusal: &Refusal) -> HttpResponse {
    let (status, header) = match refusal {
        Refusal::UnknownTopic => (StatusCode::NOT_FOUND, None),
        Refusal::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, Some((header::RETRY_AFTER, STORE_RETRY_AFTER)))
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
            ReceiveError::Forged { .. } | ReceiveError::Denied(_) => (StatusCode::FORBIDDEN, None),
            ReceiveError::NotConfigured(_) => (StatusCode::SERVICE_UNAVAILABLE, None),
        },
    };
    let mut response = plain_text(status, &refusal.to_string());
    if let Some((name, value)) = header {
        set_header(&mut response, name, value);
    }
    response
}
