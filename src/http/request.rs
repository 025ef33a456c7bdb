//! A call as plain data, every byte of it as it came.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderName};

use super::AppState;
use crate::contracts::transport::WebhookRequest;

pub(super) fn webhook_request(
    request: &HttpRequest,
    doors: &AppState,
    body: Vec<u8>,
) -> WebhookRequest {
    let header = |(name, value): (&HeaderName, &actix_web::http::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    // The URI's own text: the router matches a decoded copy, and leaves this one alone.
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    WebhookRequest {
        method: request.method().as_str().to_owned(),
        origin: origin(request, doors),
        target: target.to_owned(),
        headers: request.headers().iter().map(header).collect(),
        body,
    }
}

/// Whom the caller believes to have called. Headers can say anything: they only decide which
/// signature is expected, never whether one is.
fn origin(request: &HttpRequest, doors: &AppState) -> String {
    if let Some(url) = &doors.public_url {
        return url.clone();
    }
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    // Of several proxies the outermost speaks first.
    let forwarded = |name| {
        let value = header(name).filter(|_| doors.trust_forwarded)?.split(',').next()?.trim();
        (!value.is_empty()).then_some(value)
    };
    let scheme = forwarded(HeaderName::from_static("x-forwarded-proto")).unwrap_or("http");
    let host = forwarded(HeaderName::from_static("x-forwarded-host")).or_else(|| header(HOST));
    format!("{scheme}://{}", host.unwrap_or_default())
}
