//! Batches: many messages in one request, and their progress.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::ApiState;
use super::access::Caller;
use super::input;
use super::problem::Problem;
use super::token::Scope;
use crate::engine::submissions::BatchDraft;

/// Maximum size of a body, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Takes a batch.
pub(super) async fn send(
    request: HttpRequest,
    payload: Payload,
    state: Data<ApiState>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of(&request)?;
    let key = input::idempotency_key(&request, &caller)?;
    let draft: BatchDraft = input::json(&request, payload, MAX_BODY).await?;
    caller.require(Scope::Send, &draft.topic)?;
    let id = state.submitter.send_batch(&draft, key.as_ref()).await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/api/batches/{id}")))
        .json(json!({ "id": id, "total": draft.messages.len() })))
}

/// Shows the progress of a batch.
pub(super) async fn show(
    request: HttpRequest,
    path: Path<String>,
    state: Data<ApiState>,
) -> Result<HttpResponse, Problem> {
    let id = input::id(&path)?;
    Caller::of(&request)?.require(Scope::Read, id.topic.as_str())?;
    Ok(HttpResponse::Ok().json(state.submitter.progress(&id).await?))
}
