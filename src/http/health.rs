//! Readiness of this process to do its work.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::AppState;
use super::answer::sentence;

/// Longest wait for the store. Callers have a deadline of their own, of a few seconds as a rule.
const DEADLINE: Duration = Duration::from_secs(2);

/// Answers 200 when the store is reachable and safe. Promises that it does not keep as configured are
/// listed, and do not count against it.
pub(super) async fn readiness(doors: &AppState) -> HttpResponse {
    let Ok(Ok(health)) = tokio::time::timeout(DEADLINE, doors.storage.health()).await else {
        return sentence(StatusCode::SERVICE_UNAVAILABLE, "not ready: the store is away");
    };
    let is_ready = health.blocking(&doors.waived).next().is_none();
    let (status, verdict) = if is_ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    let mut lines = vec![verdict.to_owned()];
    lines.extend(health.fatal.iter().map(|failed| format!("fatal: {failed}")));
    lines.extend(health.degraded.iter().map(|line| format!("degraded: {line}")));
    lines.extend(pauses(doors).await);
    sentence(status, &lines.join("\n"))
}

/// Lines about lines and accounts that their provider rejects. The process is ready all the same: its
/// messages are retained.
async fn pauses(doors: &AppState) -> Vec<String> {
    let mut lines = Vec::new();
    for topic in doors.intake.topics() {
        let pauses = tokio::time::timeout(DEADLINE, doors.storage.pauses(topic)).await;
        for pause in pauses.into_iter().flatten().flatten() {
            lines.push(format!("degraded: {topic}: {pause}"));
        }
    }
    lines
}
