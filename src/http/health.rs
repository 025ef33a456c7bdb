//! Readiness of this process.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::AppState;
use super::response::plain_text;
use crate::contracts::storage::Health;
use crate::engine::operations::{Fleet, OperationError, Overview, TopicView};

/// Time limit for the store's answer. Load balancers give up on a probe after a few seconds.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Responds 200 while the store is reachable and passes its safety checks, but for the waived ones,
/// otherwise 503. Degraded promises are listed and do not change the status, and so is the state of each
/// topic: whether it is handled, how long messages wait, and when its providers last took one.
pub(super) async fn readiness(state: &AppState) -> HttpResponse {
    let Ok(Ok(health)) = tokio::time::timeout(HEALTH_TIMEOUT, state.storage.health()).await else {
        return plain_text(StatusCode::SERVICE_UNAVAILABLE, "not ready: the store is away");
    };
    let is_ready = health.blocking(&state.waived).next().is_none();
    let (status, verdict) = if is_ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    let mut lines = vec![verdict.to_owned()];
    lines.extend(health.fatal.iter().map(|failed| format!("fatal: {failed}")));
    let advice = state.advice.iter().chain(&health.degraded);
    lines.extend(advice.map(|line| format!("degraded: {line}")));
    lines.extend(pauses(state).await);
    if let Ok(Ok(topics)) = tokio::time::timeout(HEALTH_TIMEOUT, topics(state, health)).await {
        lines.extend(topics);
    }
    plain_text(status, &lines.join("\n"))
}

/// Lines about lines and accounts that their provider rejects. The process is ready all the same: its
/// messages are retained.
async fn pauses(state: &AppState) -> Vec<String> {
    let mut lines = Vec::new();
    for topic in state.intake.topics() {
        let pauses = tokio::time::timeout(HEALTH_TIMEOUT, state.storage.pauses(topic)).await;
        for pause in pauses.into_iter().flatten().flatten() {
            lines.push(format!("degraded: {topic}: {pause}"));
        }
    }
    lines
}

/// Lines about each topic.
async fn topics(state: &AppState, health: Health) -> Result<Vec<String>, OperationError> {
    let fleet = state.operations.fleet().await?;
    let overview = state.operations.overview_of(&fleet, health).await?;
    Ok(overview.topics.iter().flat_map(|topic| of_topic(topic, &overview, &fleet)).collect())
}

fn of_topic(topic: &TopicView, overview: &Overview, fleet: &Fleet) -> Vec<String> {
    let (name, now) = (&topic.name, overview.at);
    let mut lines = Vec::new();
    if fleet.workers(name, now) == 0 {
        lines.push(format!("degraded: {name}: no worker runs; start `crosswire worker`"));
    }
    let oldest = topic.queues.values().filter_map(|queue| queue.oldest_seconds);
    let waits = match oldest.reduce(f64::max) {
        Some(seconds) => format!("the oldest message waits for {seconds:.0} s"),
        None => "nothing waits".to_owned(),
    };
    let sent = fleet.last_sent(name).into_iter().map(|(transport, at)| {
        let seconds = (now - at).num_seconds().max(0);
        format!("{transport} took the last one {seconds} s ago")
    });
    let parts: Vec<String> = [waits].into_iter().chain(sent).collect();
    lines.push(format!("{name}: {}", parts.join(", ")));
    lines
}
