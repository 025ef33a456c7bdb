//! Authorization of the tester. Its pages show every test message and can write to every handler,
//! so a client that is not authorized gets the response of a path without a route.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use secrecy::SecretString;

use super::TesterState;
use crate::http::client::client_address;
use crate::http::response::{not_found, plain_text, set_header};
use crate::http::same_origin::{is_called_locally, is_cross_site};
use crate::http::throttle::{Attempt, TokenThrottle};
use crate::http::token::{has_authorization, has_token};
use crate::model::clock::Clock;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data: https:; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Settings of [`Access`].
pub struct AccessConfig {
    /// Access without a token from this machine, under one of its local host names. The name tells
    /// a page of this machine from a site whose name resolves to it (DNS rebinding), and from a
    /// tunnel that exposes this machine.
    pub allow_local: bool,
    /// Token for access from everywhere, if any.
    pub token: Option<SecretString>,
    /// Scheme and host as browsers see them, when configured.
    pub public_url: Option<String>,
    /// Trust in `X-Forwarded-For`: without it, all clients of a proxy share one throttle.
    pub trust_forwarded: bool,
}

/// Decides which requests may use the tester.
pub struct Access {
    config: AccessConfig,
    throttle: TokenThrottle,
}

enum Decision {
    Allow,
    /// The token is missing or wrong.
    RequireToken,
    /// Too many wrong tokens; the next attempt is possible after this time.
    Throttle(Duration),
    /// No way of access is configured for this client.
    Hide,
}

impl Access {
    pub fn new(config: AccessConfig, clock: Arc<dyn Clock>) -> Self {
        Self { config, throttle: TokenThrottle::new("/tester", clock) }
    }

    /// Reports that no client has access.
    pub fn is_closed(&self) -> bool {
        !self.config.allow_local && self.config.token.is_none()
    }

    fn decide(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Decision {
        let is_loopback = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        if self.config.allow_local && is_loopback && is_called_locally(headers) {
            return Decision::Allow;
        }
        let Some(token) = &self.config.token else { return Decision::Hide };
        if !has_authorization(headers) {
            return Decision::RequireToken;
        }
        let client = client_address(peer, headers, self.config.trust_forwarded);
        match self.throttle.attempt(client, || has_token(headers, token)) {
            Attempt::Accepted => Decision::Allow,
            Attempt::Wrong => Decision::RequireToken,
            Attempt::Throttled(delay) => Decision::Throttle(delay),
        }
    }
}

/// Middleware that passes an authorized request on, and adds security headers to the response.
pub(super) async fn authorize(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let state = request.app_data::<Data<TesterState>>().cloned();
    let Some(state) = state else { return Ok(request.into_response(not_found().await)) };
    let peer = request.peer_addr().map(|peer| peer.ip());
    let public_url = state.access.config.public_url.as_deref();
    let mut response = match state.access.decide(peer, request.headers()) {
        // Without the security headers as well, exactly like a path without a route.
        Decision::Hide => return Ok(request.into_response(not_found().await)),
        Decision::RequireToken => request.into_response(token_required()),
        Decision::Throttle(delay) => request.into_response(too_many_attempts(delay)),
        Decision::Allow if is_cross_site(request.method(), request.headers(), public_url) => {
            let text = "this was sent by another site; open /tester and send it from there, \
                        or set PUBLIC_URL to the address that your browser shows";
            request.into_response(plain_text(StatusCode::FORBIDDEN, text))
        }
        Decision::Allow => next.call(request).await?.map_into_boxed_body(),
    };
    add_security_headers(response.headers_mut());
    Ok(response)
}

fn token_required() -> HttpResponse {
    let text = "this needs the ADMIN_TOKEN; give it as the password, with any user name";
    let mut response = plain_text(StatusCode::UNAUTHORIZED, text);
    set_header(&mut response, WWW_AUTHENTICATE, "Basic realm=\"crosswire\"");
    response
}

fn too_many_attempts(delay: Duration) -> HttpResponse {
    // A whole second more, since the header has no fractions.
    let seconds = delay.as_secs() + 1;
    let text = format!("too many wrong tokens; try again in {seconds} s");
    let mut response = plain_text(StatusCode::TOO_MANY_REQUESTS, &text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn add_security_headers(headers: &mut HeaderMap) {
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::token::tests::headers;
    use crate::model::clock::SystemClock;

    fn access(allow_local: bool, token: Option<&str>, trust_forwarded: bool) -> Access {
        let token = token.map(SecretString::from);
        let config = AccessConfig { allow_local, token, public_url: None, trust_forwarded };
        Access::new(config, Arc::new(SystemClock))
    }

    #[test]
    fn local_access_requires_a_loopback_peer() {
        let access = access(true, None, false);
        let local = headers(&[("host", "localhost:62023")]);
        let decision = |peer: &str| access.decide(peer.parse().ok(), &local);
        for near in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(matches!(decision(near), Decision::Allow), "{near}");
        }
        for far in ["192.168.0.2", "::ffff:192.168.0.2", "2001:db8::1", "none"] {
            assert!(matches!(decision(far), Decision::Hide), "{far}");
        }
    }
}
