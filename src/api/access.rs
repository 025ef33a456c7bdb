//! Authorization of the API, before anything of a request's body is read.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use super::ApiState;
use super::problem::{Problem, ProblemCode};
use super::token::{ApiToken, Scope};
use crate::http::client::client_address;
use crate::http::throttle::{Attempt, TokenThrottle};
use crate::model::clock::Clock;

/// Callers of the API.
pub struct ApiAccess {
    tokens: Vec<ApiToken>,
    /// Trust in `X-Forwarded-For`: without it, all clients of a proxy share one throttle.
    trust_forwarded: bool,
    throttle: TokenThrottle,
}

impl ApiAccess {
    pub fn new(tokens: Vec<ApiToken>, trust_forwarded: bool, clock: Arc<dyn Clock>) -> Self {
        Self { tokens, trust_forwarded, throttle: TokenThrottle::new("/api", clock) }
    }

    /// Reports that no caller has access.
    pub fn is_closed(&self) -> bool {
        self.tokens.is_empty()
    }

    fn caller(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Result<Caller, Problem> {
        let required = || {
            let detail = "send one of the configured tokens, as Authorization: Bearer <token>";
            Problem::new(ProblemCode::Unauthorized, detail)
        };
        let shown = bearer(headers).ok_or_else(required)?;
        let client = client_address(peer, headers, self.trust_forwarded);
        let mut found = None;
        let attempt = self.throttle.attempt(client, || {
            found = ApiToken::find(&self.tokens, shown);
            found.is_some()
        });
        match (attempt, found) {
            (Attempt::Throttled(delay), _) => Err(Problem::too_many_attempts(delay)),
            (Attempt::Accepted, Some(token)) => Ok(Caller(Arc::new(token.clone()))),
            _ => Err(required()),
        }
    }
}

/// Caller of a request.
#[derive(Clone)]
pub(super) struct Caller(Arc<ApiToken>);

impl Caller {
    /// Returns the caller of an authorized request.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let caller = request.extensions().get::<Self>().cloned();
        caller.ok_or_else(|| Problem::new(ProblemCode::Unauthorized, "send a token"))
    }

    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    /// Fails when the caller lacks a right for a topic.
    pub(super) fn require(&self, scope: Scope, topic: &str) -> Result<(), Problem> {
        if self.0.allows(scope, topic) {
            return Ok(());
        }
        let detail = format!("the token {} lacks the scope {scope} for this topic", self.0.name);
        Err(Problem::new(ProblemCode::Forbidden, detail))
    }
}

/// Middleware that passes an authorized request on.
pub(super) async fn authorize(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let state = request.app_data::<Data<ApiState>>().cloned();
    let Some(state) = state else {
        return Ok(request.into_response(super::problem::no_route()));
    };
    let peer = request.peer_addr().map(|peer| peer.ip());
    let mut response = match state.access.caller(peer, request.headers()) {
        Err(problem) => request.into_response(problem.response()),
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await?.map_into_boxed_body()
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
