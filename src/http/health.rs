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
    let named = |word: &'static str, found: &[String]| -> Vec<String> {
        found.iter().map(|line| format!("{word}: {line}")).collect()
    };
    let is_ready = health.fatal.is_empty() || doors.allow_volatile;
    let (status, verdict) = if is_ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    let mut lines = vec![verdict.to_owned()];
    lines.extend(named("fatal", &health.fatal));
    lines.extend(named("degraded", &health.degraded));
    sentence(status, &lines.join("\n"))
}
