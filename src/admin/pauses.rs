//! Routes of pauses and budgets.

use std::time::Duration;

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::access::Visitor;
use super::error::{AdminError, in_long_time};
use super::{AdminState, input};
use crate::contracts::storage::PauseScope;
use crate::engine::operations::LineView;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseOrder {
    topic: String,
    scope: Option<String>,
    seconds: Option<u64>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResumeOrder {
    topic: String,
    scope: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetOrder {
    topic: String,
    #[serde(default)]
    scope: String,
    add: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct TopicParameter {
    topic: String,
}

/// Pauses a topic, a transport or a line.
pub(super) async fn pause(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let order: PauseOrder = input::json(&request, payload).await?;
    let scope = scope(order.scope.as_deref())?;
    let time = order.seconds.map(Duration::from_secs);
    let reason = order.reason.as_deref();
    let actor = visitor.actor();
    in_long_time(state.operations.pause(&actor, &order.topic, &scope, time, reason)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends a pause.
pub(super) async fn resume(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let order: ResumeOrder = input::json(&request, payload).await?;
    let scope = scope(order.scope.as_deref())?;
    let actor = visitor.actor();
    let work = state.operations.resume(&actor, &order.topic, &scope);
    let ended = usize::from(in_long_time(work).await?);
    Ok(HttpResponse::Ok().json(json!({ "ended": ended })))
}

/// Adds to the budget of today.
pub(super) async fn resume_budget(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let BudgetOrder { topic, scope, add } = input::json(&request, payload).await?;
    let actor = visitor.actor();
    let work = state.operations.resume_budget(&actor, &topic, &scope, add);
    Ok(HttpResponse::Ok().json(in_long_time(work).await?))
}

/// Lists what can be paused beside the topic.
pub(super) async fn lines(
    query: Query<TopicParameter>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let lines = in_long_time(state.operations.lines_of(&query.topic)).await?;
    let lines: Vec<LineView> = lines.into_iter().map(LineView::from).collect();
    Ok(HttpResponse::Ok().json(json!({ "lines": lines })))
}

/// Reads the scope of a pause: the whole topic when absent.
fn scope(encoded: Option<&str>) -> Result<PauseScope, AdminError> {
    match encoded {
        None | Some("" | "*") => Ok(PauseScope::of_topic()),
        Some(encoded) => PauseScope::decode(encoded).map_err(|_| {
            AdminError::Invalid("scope: write one of those that /admin/api/lines lists".to_owned())
        }),
    }
}
