//! Readiness of this process.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::AppState;
use super::response::plain_text;

/// Time limit for the store's answer. Load balancers give up on a probe after a few seconds.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Responds 200 while the store is reachable and passes its safety checks, but for the waived ones,
/// otherwise 503. Degraded promises are listed and do not change the status.
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
    lines.extend(health.degraded.iter().map(|line| format!("degraded: {line}")));
    lines.extend(pauses(state).await);
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
