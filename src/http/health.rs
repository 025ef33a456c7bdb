//! Whether this process can do its work.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::AppState;
use super::answer::sentence;

/// Whoever asks has a deadline of their own, of a few seconds as a rule.
const DEADLINE: Duration = Duration::from_secs(2);

/// Ready when the store is there and keeps messages. Promises that it does not keep as configured
/// are said, and do not count against it.
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
    sentence(status, &lines.join("\n"))
}
