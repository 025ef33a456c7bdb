//! Routes of what waits, and of traces.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::Deserialize;
use serde_json::json;

use super::access::Visitor;
use super::dead::reveal;
use super::error::{AdminError, in_long_time, in_time};
use super::{AdminState, input};
use crate::engine::operations::{LISTED, OperationError, TraceQuery};

/// Events of a trace that are shown at most, the newest.
const MOST_EVENTS: usize = 2_000;

#[derive(Deserialize)]
pub(super) struct StuckParameters {
    topic: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TraceParameters {
    q: String,
    topic: Option<String>,
    since: Option<String>,
    #[serde(default)]
    show: String,
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

/// Shows everything that became of a message or a person.
pub(super) async fn show(
    visitor: Visitor,
    query: Query<TraceParameters>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let (operations, show) = (&state.operations, input::is_set(&query.show));
    if query.q.trim().is_empty() {
        return Err(AdminError::Invalid("q: write an id or a number".to_owned()));
    }
    if show {
        reveal(&visitor, operations, "trace: show").await?;
    }
    let topic = query.topic.clone().filter(|topic| !topic.is_empty());
    let about = Some(query.q.clone());
    let since = input::since(query.since.as_deref(), operations.clock.now())?;
    let traced = async {
        let query = TraceQuery { topic, about, is_id: false, since };
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
