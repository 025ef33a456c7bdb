//! Single messages: sent, shown and cancelled.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::ApiState;
use super::access::Caller;
use super::input;
use super::problem::Problem;
use super::token::Scope;
use crate::engine::submissions::Draft;

/// Maximum size of a body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Takes a message to send.
pub(super) async fn send(
    request: HttpRequest,
    payload: Payload,
    state: Data<ApiState>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of(&request)?;
    let key = input::idempotency_key(&request, &caller)?;
    let draft: Draft = input::json(&request, payload, MAX_BODY).await?;
    caller.require(Scope::Send, &draft.topic)?;
    let id = state.submitter.send(&draft, key.as_ref()).await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/api/messages/{id}")))
        .json(json!({ "id": id })))
}

/// Shows the state of a message.
pub(super) async fn show(
    request: HttpRequest,
    path: Path<String>,
    state: Data<ApiState>,
) -> Result<HttpResponse, Problem> {
    let id = input::id(&path)?;
    Caller::of(&request)?.require(Scope::Read, id.topic.as_str())?;
    Ok(HttpResponse::Ok().json(state.submitter.status(&id).await?))
}

/// Takes the request that a message is not sent.
pub(super) async fn cancel(
    request: HttpRequest,
    path: Path<String>,
    state: Data<ApiState>,
) -> Result<HttpResponse, Problem> {
    let id = input::id(&path)?;
    Caller::of(&request)?.require(Scope::Send, id.topic.as_str())?;
    state.submitter.cancel(&id).await?;
    Ok(HttpResponse::Accepted().json(json!({ "id": id.to_string() })))
}
