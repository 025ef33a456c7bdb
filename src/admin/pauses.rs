//! Routes of pauses and budgets.

use std::time::Duration;

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::access::Visitor;
use super::calls::{in_long_time, to_end};
use super::error::AdminError;
use super::overview::WHOLE_TOPIC;
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
#[serde(deny_unknown_fields)]
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
    let work = async move {
        let time = order.seconds.map(Duration::from_secs);
        let (actor, reason) = (visitor.actor(), order.reason.as_deref());
        state.operations.pause(&actor, &order.topic, &scope, time, reason).await
    };
    to_end(work).await?;
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
    let work = async move { state.operations.resume(&visitor.actor(), &order.topic, &scope).await };
    let ended = usize::from(to_end(work).await?);
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
    let work =
        async move { state.operations.resume_budget(&visitor.actor(), &topic, &scope, add).await };
    Ok(HttpResponse::Ok().json(to_end(work).await?))
}

/// Lists what can be paused beside the topic.
pub(super) async fn lines(
    visitor: Visitor,
    query: Query<TopicParameter>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let lines = in_long_time(state.operations.lines_of(&query.topic)).await?;
    let mut lines: Vec<LineView> = lines.into_iter().map(LineView::from).collect();
    if visitor.require_full().is_err() {
        // The scope of a line has its number.
        for line in &mut lines {
            line.scope.clone_from(&line.shown);
        }
    }
    Ok(HttpResponse::Ok().json(json!({ "lines": lines })))
}

/// Reads the scope of a pause: the whole topic when absent.
fn scope(encoded: Option<&str>) -> Result<PauseScope, AdminError> {
    match encoded {
        None | Some("" | WHOLE_TOPIC) => Ok(PauseScope::of_topic()),
        Some(encoded) => PauseScope::decode(encoded).map_err(|_| {
            AdminError::Invalid("scope: write one of those that /admin/api/lines lists".to_owned())
        }),
    }
}
