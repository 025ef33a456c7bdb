//! Conversion of a request to the transports' plain data, byte for byte.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderName, HeaderValue};

use super::AppState;
use crate::contracts::transport::WebhookRequest;

/// Copies method, target, headers and body of a webhook.
pub(super) fn webhook_request(
    request: &HttpRequest,
    client: IpAddr,
    state: &AppState,
    body: Vec<u8>,
) -> WebhookRequest {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    // The URI as it was sent, since signatures cover it: the router decodes a copy for itself.
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    WebhookRequest {
        method: request.method().as_str().to_owned(),
        origin: called_origin(request, state),
        target: target.to_owned(),
        headers: request.headers().iter().map(header).collect(),
        body,
        client: Some(client),
        ..WebhookRequest::default()
    }
}

/// Scheme and host that the provider called. Headers can be forged: they only decide which
/// signature is expected, never whether one is.
fn called_origin(request: &HttpRequest, state: &AppState) -> String {
    if let Some(url) = &state.public_url {
        return url.clone();
    }
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    // With several proxies the first value is that of the outermost one.
    let forwarded = |name| {
        let value = header(name).filter(|_| state.trust_forwarded)?.split(',').next()?.trim();
        (!value.is_empty()).then_some(value)
    };
    let scheme = forwarded(HeaderName::from_static("x-forwarded-proto")).unwrap_or("http");
    let host = forwarded(HeaderName::from_static("x-forwarded-host")).or_else(|| header(HOST));
    format!("{scheme}://{}", host.unwrap_or_default())
}
