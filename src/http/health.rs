//! Readiness of this process.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::AppState;
use super::response::plain_text;
use crate::contracts::storage::Health;
use crate::engine::operations::{Fleet, OperationError, Overview, PauseView, TopicView};

/// Time limit for all answers of the store. Load balancers give up on a probe after a few seconds.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Age up to which a probe gets the answer before it, so that probes from anywhere cost the store no more
/// than one reading in this time.
const FRESH: Duration = Duration::from_secs(1);

/// Line in place of the topics, when the store is too slow for them.
const SLOW: &str = "degraded: the store is slow; run `crosswire status` for the topics";

/// Last answer to a probe.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Duration, Answer)>>);

struct Answer {
    status: StatusCode,
    text: String,
}

/// Responds 200 while the store is reachable and passes its safety checks, but for the waived ones,
/// otherwise 503. Degraded promises are listed and do not change the status, and so is the state of each
/// topic: whether it is handled, how long messages wait, and when its providers last took one.
pub(super) async fn readiness(state: &AppState) -> HttpResponse {
    let clock = &state.operations.clock;
    // The lock makes probes that come at the same time wait for one reading.
    let mut last = state.readiness.0.lock().await;
    if let Some((at, Answer { status, text })) = last.as_ref()
        && clock.uptime().saturating_sub(*at) < FRESH
    {
        return plain_text(*status, text);
    }
    let answer = read(state).await;
    let response = plain_text(answer.status, &answer.text);
    // The time after the reading, so that probes that wait for it take its answer, however long it took.
    *last = Some((clock.uptime(), answer));
    response
}

async fn read(state: &AppState) -> Answer {
    let limit = Instant::now() + STORE_TIMEOUT;
    let Ok(Ok(health)) = timeout_at(limit, state.storage.health()).await else {
        let text = "not ready: the store is away".to_owned();
        return Answer { status: StatusCode::SERVICE_UNAVAILABLE, text };
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
    match timeout_at(limit, topics(state, health)).await {
        Ok(Ok(topics)) => lines.extend(topics),
        Ok(Err(_)) | Err(_) => lines.push(SLOW.to_owned()),
    }
    Answer { status, text: lines.join("\n") }
}

/// Lines about each topic.
async fn topics(state: &AppState, health: Health) -> Result<Vec<String>, OperationError> {
    let fleet = state.operations.fleet().await?;
    let overview = state.operations.overview_of(&fleet, health).await?;
    let pauses = overview.topics.iter().flat_map(|topic| {
        topic.pauses.iter().map(|pause| format!("degraded: {}: {}", topic.name, paused(pause)))
    });
    let topics = overview.topics.iter().flat_map(|topic| of_topic(topic, &overview, &fleet));
    Ok(pauses.chain(topics).collect())
}

/// Describes a pause to anyone: messages are retained, so that the process is ready all the same. What an
/// operator has written about it is for operators.
fn paused(pause: &PauseView) -> String {
    let what = if pause.scope == "*" { "" } else { "sending by " };
    let time = pause.remaining_seconds.map_or_else(String::new, |it| format!(" for {it:.0} s"));
    let reason = if pause.by_operator { "by an operator" } else { &pause.reason };
    let code = if pause.code == 0 { String::new() } else { format!(" ({})", pause.code) };
    format!("{what}{} is paused{time}, messages are retained: {reason}{code}", pause.shown)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::storage::{Pause, PauseScope};

    #[test]
    fn pause_of_an_operator_is_told_without_its_reason() {
        let pause = |scope: PauseScope, code| Pause {
            scope,
            remaining: Duration::from_secs(24),
            code,
            reason: "the number of Anna was sold".to_owned(),
        };
        let told = |pause: &Pause| paused(&PauseView::from(pause));
        let expected = "the whole topic is paused for 24 s, messages are retained: by an operator";
        assert_eq!(told(&pause(PauseScope::of_topic(), 0)), expected);
        let refused = pause(PauseScope::of_provider("twilio", None), 20_003);
        assert_eq!(told(&refused), refused.to_string(), "a reason of the code table is public");
    }
}
