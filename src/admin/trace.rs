//! Routes of what waits, and of traces.

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::access::Visitor;
use super::calls::{in_long_time, in_time};
use super::dead::reveal;
use super::error::AdminError;
use super::{AdminState, input};
use crate::engine::operations::{LISTED, OperationError, TraceQuery};

/// Events of a trace that are shown at most, the newest.
const MOST_EVENTS: usize = 2_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StuckParameters {
    topic: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceParameters {
    q: String,
    topic: Option<String>,
    since: Option<String>,
    #[serde(default, deserialize_with = "input::flag")]
    show: bool,
}

/// Lists the messages at the heads of mailboxes, the oldest first.
pub(super) async fn stuck(
    query: Query<StuckParameters>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let topic = query.topic.as_deref().filter(|topic| !topic.is_empty());
    let waiting = in_time(state.operations.waiting(topic, LISTED)).await?;
    let rows: Vec<_> = waiting.iter().take(LISTED).map(|it| it.row(false)).collect();
    Ok(HttpResponse::Ok().json(json!({ "messages": rows })))
}

/// Shows everything that became of a message.
pub(super) async fn of_id(
    visitor: Visitor,
    query: Query<TraceParameters>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    input::require_no_number(&query.q)?;
    show(&visitor, query.into_inner(), true, &state).await
}

/// Shows everything that became of a message or a person.
pub(super) async fn search(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    show(&visitor, input::json(&request, payload).await?, false, &state).await
}

async fn show(
    visitor: &Visitor,
    query: TraceParameters,
    is_id: bool,
    state: &AdminState,
) -> Result<HttpResponse, AdminError> {
    let TraceParameters { q, topic, since, show } = query;
    let operations = &state.operations;
    if q.trim().is_empty() {
        return Err(AdminError::Invalid("q: write an id or a number".to_owned()));
    }
    reveal(visitor, operations, "trace: show", show).await?;
    let topic = topic.filter(|topic| !topic.is_empty());
    let since = input::since(since.as_deref(), operations.clock.now())?;
    let traced = async {
        let query = TraceQuery { topic, about: Some(q), is_id, since };
        let mut tracer = operations.tracer(query)?;
        let events = tracer.step().await?;
        Ok::<_, OperationError>((events, tracer.now().await?))
    };
    let (events, now) = in_long_time(traced).await?;
    let skipped = events.len().saturating_sub(MOST_EVENTS);
    let events: Vec<_> = events.iter().skip(skipped).map(|it| it.row(show)).collect();
    let now: Vec<_> = now.iter().map(|it| it.row(show)).collect();
    Ok(HttpResponse::Ok().json(json!({ "events": events, "now": now, "skipped": skipped })))
}
