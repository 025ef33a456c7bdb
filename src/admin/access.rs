//! Access to the operator's page and API: roles, tokens, sessions, and calls of other sites.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError as _};
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

use super::AdminState;
use super::error::AdminError;
use super::role::Role;
use super::session::{Session, Sessions, cookie_of};
use crate::engine::operations::Actor;
use crate::http::client::client_address;
use crate::http::response::not_found;
use crate::http::same_origin::{is_called_locally, is_cross_site};
use crate::http::throttle::{Attempt, TokenThrottle};
use crate::http::token::{has_authorization, is_token, shown_token};
use crate::model::address::GroupKey;
use crate::model::clock::Clock;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; manifest-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const CSRF: &str = "x-csrf-token";
/// Route that is open to visitors without a role.
const SESSION: &str = "/admin/api/session";

/// Settings of [`AdminAccess`].
pub struct AdminConfig {
    /// Access without a token from this machine, under one of its local host names.
    pub allow_local: bool,
    /// Token for reading and writing, if any.
    pub token: Option<SecretString>,
    /// Token for reading, if any.
    pub read_token: Option<SecretString>,
    /// Scheme and host as browsers see them, when configured.
    pub public_url: Option<String>,
    /// Trust in `X-Forwarded-For` and `X-Forwarded-Proto`.
    pub trust_forwarded: bool,
}

/// Caller of a request.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// Absent while logged out.
    pub(super) role: Option<Role>,
    /// Address of the client.
    client: String,
    pub(super) csrf: Option<String>,
    /// Has access because it is on this machine.
    pub(super) is_local: bool,
    /// Has shown a session's cookie.
    has_session: bool,
}

impl Visitor {
    /// Fails when something is to be shown in full that the visitor may not see.
    pub(super) fn require_full(&self) -> Result<(), AdminError> {
        if self.role == Some(Role::Write) { Ok(()) } else { Err(AdminError::ReadOnly) }
    }

    /// Returns the visitor with the role of a token that they have shown.
    pub(super) fn with(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// Returns the operator, as the audit log names them.
    pub(super) fn actor(&self) -> Actor {
        let role = if self.role == Some(Role::Write) { "write" } else { "read" };
        Actor { name: self.client.clone(), role }
    }
}

impl FromRequest for Visitor {
    type Error = AdminError;
    type Future = std::future::Ready<Result<Self, AdminError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visitor = request.extensions().get::<Self>().cloned();
        std::future::ready(visitor.ok_or(AdminError::LoggedOut))
    }
}

/// Decides what a request may do.
pub struct AdminAccess {
    config: AdminConfig,
    throttle: TokenThrottle,
    pub(super) sessions: Sessions,
    clock: Arc<dyn Clock>,
}

impl AdminAccess {
    pub fn new(config: AdminConfig, groups: GroupKey, clock: Arc<dyn Clock>) -> Self {
        let throttle = TokenThrottle::new("/admin", Arc::clone(&clock));
        Self { config, throttle, sessions: Sessions::new(groups), clock }
    }

    /// Returns the role of a token.
    pub(super) fn role_of(
        &self,
        peer: Option<IpAddr>,
        headers: &HeaderMap,
        shown: &[u8],
    ) -> Result<Role, AdminError> {
        let mut found = None;
        let client = client_address(peer, headers, self.config.trust_forwarded);
        let attempt = self.throttle.attempt(client, || {
            let roles = [Role::Write, Role::Read].into_iter();
            let is_shown = |role: &Role| self.token(*role).is_some_and(|it| is_token(shown, it));
            found = roles.filter(is_shown).last();
            found.is_some()
        });
        match (attempt, found) {
            (Attempt::Throttled(delay), _) => Err(AdminError::Throttled(delay)),
            (Attempt::Accepted, Some(role)) => Ok(role),
            _ => Err(AdminError::WrongToken),
        }
    }

    /// Returns whether browsers reach this server by HTTPS.
    pub(super) fn is_https(&self, headers: &HeaderMap) -> bool {
        let forwarded = headers.get("x-forwarded-proto").filter(|_| self.config.trust_forwarded);
        forwarded.is_some_and(|scheme| scheme == "https")
            || self.config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    fn token(&self, role: Role) -> Option<&SecretString> {
        match role {
            Role::Write => self.config.token.as_ref(),
            Role::Read => self.config.read_token.as_ref(),
        }
    }

    /// Returns the caller of a request; nothing when no way of access is configured for it.
    fn visitor(&self, request: &ServiceRequest) -> Option<Result<Visitor, AdminError>> {
        let (peer, headers) = (request.peer_addr().map(|peer| peer.ip()), request.headers());
        let client = client_address(peer, headers, self.config.trust_forwarded);
        let (client, csrf) = (client.to_string(), None);
        let logged_out = Visitor { role: None, client, csrf, is_local: false, has_session: false };
        let is_loopback = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        if self.config.allow_local && is_loopback && is_called_locally(headers) {
            let (role, csrf) = (Some(Role::Write), Some("local".to_owned()));
            return Some(Ok(Visitor { role, csrf, is_local: true, ..logged_out }));
        }
        if self.config.token.is_none() && self.config.read_token.is_none() {
            return None;
        }
        if has_authorization(headers) {
            let shown = shown_token(headers).unwrap_or_default();
            let role = self.role_of(peer, headers, &shown);
            return Some(role.map(|role| Visitor { role: Some(role), ..logged_out }));
        }
        Some(Ok(match self.session(request) {
            None => logged_out,
            Some(Session { role, csrf, .. }) => {
                Visitor { role: Some(role), csrf: Some(csrf), has_session: true, ..logged_out }
            }
        }))
    }

    fn session(&self, request: &ServiceRequest) -> Option<Session> {
        let now = self.clock.now().timestamp();
        self.sessions.read(cookie_of(request.headers())?, now, |role| self.token(role).cloned())
    }

    /// Fails when a visitor may not make this request.
    fn require(&self, visitor: &Visitor, request: &ServiceRequest) -> Result<(), AdminError> {
        let (method, headers) = (request.method(), request.headers());
        let public_url = self.config.public_url.as_deref();
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        let is_api = request.path().starts_with("/admin/api/");
        // A read of the API can leave a line in the audit log, so it is judged like a change.
        let judged = if is_api { &Method::POST } else { method };
        if is_cross_site(judged, headers, public_url) {
            return Err(AdminError::CrossSite);
        }
        if request.path() == SESSION || !is_api {
            return Ok(());
        }
        match visitor.role {
            None => Err(AdminError::LoggedOut),
            Some(Role::Read) if !is_read => Err(AdminError::ReadOnly),
            Some(_) if !is_read && visitor.has_session && !has_csrf(visitor, headers) => {
                Err(AdminError::CrossSite)
            }
            Some(_) => Ok(()),
        }
    }
}

/// Compares the token of a page with that of its session.
fn has_csrf(visitor: &Visitor, headers: &HeaderMap) -> bool {
    let (Some(shown), Some(csrf)) = (headers.get(CSRF), &visitor.csrf) else { return false };
    shown.as_bytes().ct_eq(csrf.as_bytes()).into()
}

/// Middleware that passes a request on that may be made, and adds security headers to the response.
pub(super) async fn authorize(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let state = request.app_data::<Data<AdminState>>().cloned();
    let visitor = state.as_ref().and_then(|state| state.access.visitor(&request));
    let (Some(state), Some(visitor)) = (state, visitor) else {
        // Exactly like a path without a route.
        return Ok(request.into_response(not_found().await));
    };
    let allowed = visitor.and_then(|visitor| {
        state.access.require(&visitor, &request)?;
        Ok(visitor)
    });
    let mut response = match allowed {
        Err(error) => request.into_response(error.error_response()),
        Ok(visitor) => {
            request.extensions_mut().insert(visitor);
            next.call(request).await?.map_into_boxed_body()
        }
    };
    add_security_headers(response.headers_mut());
    Ok(response)
}

fn add_security_headers(headers: &mut HeaderMap) {
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
