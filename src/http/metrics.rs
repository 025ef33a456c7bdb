//! The route `/metrics`. A client that may not read it gets the response of a path without a route.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use tracing::error;

use super::client::client_address;
use super::exposition::{Format, write};
use super::response::{method_not_allowed, not_found, plain_text};
use super::same_origin::is_called_locally;
use super::throttle::{Attempt, TokenThrottle};
use super::token::{has_authorization, is_token, shown_token};
use crate::engine::scrape::Scraper;
use crate::model::clock::Clock;

/// Settings of the access to `/metrics`.
pub struct MetricsConfig {
    /// Access without a token from this machine, under one of its local host names.
    pub allow_local: bool,
    /// Tokens, each of which opens the route.
    pub tokens: Vec<SecretString>,
    /// Trust in `X-Forwarded-For`: without it, all clients of a proxy share one throttle.
    pub trust_forwarded: bool,
}

/// State of the route.
pub struct MetricsState {
    config: MetricsConfig,
    throttle: TokenThrottle,
    scraper: Scraper,
}

impl MetricsState {
    pub fn new(config: MetricsConfig, scraper: Scraper, clock: Arc<dyn Clock>) -> Self {
        Self { config, throttle: TokenThrottle::new("/metrics", clock), scraper }
    }

    fn may_read(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
        let is_loopback = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        if self.config.allow_local && is_loopback && is_called_locally(headers) {
            return true;
        }
        if !has_authorization(headers) {
            return false;
        }
        let client = client_address(peer, headers, self.config.trust_forwarded);
        let shown = shown_token(headers).unwrap_or_default();
        let is_right = || self.config.tokens.iter().any(|token| is_token(&shown, token));
        matches!(self.throttle.attempt(client, is_right), Attempt::Accepted)
    }
}

/// Adds the route to a web server.
pub fn configure(config: &mut ServiceConfig, state: &Data<MetricsState>) {
    config.app_data(Data::clone(state));
    config.service(web::resource("/metrics").to(show));
}

async fn show(request: HttpRequest, state: Data<MetricsState>) -> HttpResponse {
    let peer = request.peer_addr().map(|peer| peer.ip());
    if !state.may_read(peer, request.headers()) {
        return not_found().await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return method_not_allowed("GET, HEAD");
    }
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Format::of(accept.unwrap_or_default());
    match write(&state.scraper.scrape().await, format) {
        Ok(written) => HttpResponse::Ok()
            .content_type(format.content_type())
            .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .body(written),
        Err(error) => {
            error!(%error, "metrics cannot be written");
            plain_text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written")
        }
    }
}
