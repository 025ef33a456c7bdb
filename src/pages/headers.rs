//! Headers of the pages, which keep scripts of others out and room tokens in.

use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, HeaderName, PERMISSIONS_POLICY,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

/// Sources that a page may use: those of its own server. Browsers that are older than CSP 3 do not
/// count sockets among them, so their schemes are named.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self' ws: wss:; form-action 'none'; base-uri 'none'; \
                      frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        PERMISSIONS_POLICY,
        "camera=(), geolocation=(), microphone=(), payment=(), clipboard-write=(self), \
         web-share=(self)",
    ),
    // The address of a room holds its token, and the links to assets change with the binary.
    (CACHE_CONTROL, "no-store"),
];

/// Returns the response with a page.
pub(super) fn html(page: String) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for header in HEADERS {
        response.insert_header(header);
    }
    response.content_type(ContentType::html()).body(page)
}
