//! Routes of the session: what the visitor may do, login and logout.

use std::time::Duration;

use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::access::Visitor;
use super::calls::in_time;
use super::error::AdminError;
use super::session::{LIFE, cookie};
use super::{AdminState, input};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    token: String,
}

/// Shows what the visitor may do.
pub(super) async fn show(visitor: Visitor, state: Data<AdminState>) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "role": visitor.role,
        "csrf": visitor.csrf,
        "local": visitor.is_local,
        "program": state.program,
        "version": state.version,
    }))
}

/// Opens a session for a token.
pub(super) async fn log_in(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let Login { token } = input::json(&request, payload).await?;
    let token = SecretString::from(token);
    let peer = request.peer_addr().map(|peer| peer.ip());
    let role = state.access.role_of(peer, request.headers(), token.expose_secret().as_bytes())?;
    let actor = visitor.with(role).actor();
    // An operator has to get in while the store is away.
    let noted = state.operations.note_login(&actor);
    if let Err(error) = in_time(noted).await {
        tracing::warn!(%error, "login of an operator is not in the audit log");
    }
    let now = state.operations.clock.now().timestamp();
    let session = state.access.sessions.open(role, &token, now);
    let value = state.access.sessions.seal(&session);
    let cookie = cookie(&value, LIFE, state.access.is_https(request.headers()));
    Ok(HttpResponse::NoContent().insert_header((SET_COOKIE, cookie)).finish())
}

/// Ends the session of this browser.
pub(super) async fn log_out(request: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    let cookie = cookie("", Duration::ZERO, state.access.is_https(request.headers()));
    HttpResponse::NoContent().insert_header((SET_COOKIE, cookie)).finish()
}
