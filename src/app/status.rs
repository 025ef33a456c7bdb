//! The command `status`: what waits, what holds it up, how fast it goes, and which processes work on it.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::commands::StatusOptions;
use super::process::Stop;
use super::{App, operator, skew};
use crate::contracts::storage::FeedEntry;
use crate::engine::operations::{
    Latency, Operations, Overview, ProcessView, QueueView, StoreView, TopicView,
};
use crate::engine::processes::ProcessState;
use crate::engine::processes::samples::{self, Sample};
use crate::model::topic::TopicName;

/// Interval of `--watch`.
const WATCH: Duration = Duration::from_secs(2);
/// Longest wait for the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);
/// Time over which rates are taken, in seconds.
const MINUTE: f64 = 60.0;
/// Clears a terminal, and goes to its first line.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Messages of a topic in a minute, by its last samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Rates {
    received: f64,
    handled: f64,
    sent: f64,
}

/// Prints the status once, or until a stop. Once it fails when the store is away.
pub(super) async fn status(app: &App, options: &StatusOptions, stop: Stop) -> anyhow::Result<()> {
    let operations = operator::read(app, options.topic.as_deref())?;
    loop {
        let overview = read(&operations).await;
        if options.json && !options.watch && overview.is_err() {
            return overview.map(drop);
        }
        let printed = if options.json {
            format!("{}\n", as_json(&overview))
        } else {
            let mut rates = Vec::new();
            for service in &operations.services {
                rates.push(rates_of(&operations, &service.config.name).await);
            }
            shown(&overview, &rates)
        };
        let mut out = std::io::stdout().lock();
        if options.watch && !options.json && out.is_terminal() {
            out.write_all(CLEAR.as_bytes())?;
        }
        out.write_all(printed.as_bytes())?;
        out.flush()?;
        drop(out);
        if !options.watch {
            return overview.map(drop);
        }
        if stop.0.run_until_cancelled(tokio::time::sleep(WATCH)).await.is_none() {
            return Ok(());
        }
    }
}

/// Returns the overview for programs; only the store's state when it is away.
fn as_json(overview: &anyhow::Result<Overview>) -> Value {
    match overview {
        Ok(overview) => json!(overview),
        Err(error) => {
            let store = StoreView { ready: false, problems: vec![format!("{error:#}")] };
            json!({ "store": store })
        }
    }
}

async fn read(operations: &Operations) -> anyhow::Result<Overview> {
    let late = || anyhow::anyhow!("the store does not answer within {STORE_TIMEOUT:?}");
    let overview = tokio::time::timeout(STORE_TIMEOUT, operations.overview()).await;
    Ok(overview.map_err(|_| late())??)
}

/// Returns the rates of a topic in the last minute; none without samples.
async fn rates_of(operations: &Operations, topic: &TopicName) -> Option<Rates> {
    let (feed, mut after, mut last) = (samples::feed(topic), None, Vec::new());
    let read = async {
        loop {
            let storage = &operations.storage;
            let lines = storage.follow(&feed, after.as_ref(), Duration::ZERO).await.ok()?;
            let Some(FeedEntry { place, .. }) = lines.last() else { return Some(()) };
            after = Some(place.clone());
            last.extend(lines.iter().filter_map(|line| serde_json::from_str(&line.text).ok()));
        }
    };
    tokio::time::timeout(STORE_TIMEOUT, read).await.ok()??;
    rates(&last, operations.clock.now())
}

fn rates(samples: &[Sample], now: DateTime<Utc>) -> Option<Rates> {
    let since = |sample: &Sample| (now - sample.at).as_seconds_f64();
    let last = samples.last().filter(|last| since(last) < MINUTE)?;
    let first = samples.iter().find(|first| since(first) <= MINUTE * 1.5)?;
    let minutes = (last.at - first.at).as_seconds_f64() / MINUTE;
    // A process that starts anew counts from nothing.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let rate = |of: fn(&Sample) -> u64| of(last).saturating_sub(of(first)) as f64 / minutes;
    (minutes > 0.0).then(|| Rates {
        received: rate(|it| it.received),
        handled: rate(|it| it.handled),
        sent: rate(|it| it.sent),
    })
}

fn shown(overview: &anyhow::Result<Overview>, rates: &[Option<Rates>]) -> String {
    let overview = match overview {
        Ok(overview) => overview,
        Err(error) => return format!("store: away: {error:#}\n"),
    };
    let at = overview.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut lines = vec![format!("{at}  {}", store(&overview.store))];
    let header = ["TOPIC", "QUEUE", "WAIT", "READY", "HAND", "LATER", "TIMED", "DEAD", "OLDEST"];
    lines.push(row(header.map(str::to_owned)));
    for topic in &overview.topics {
        lines.extend(topic.queues.iter().map(|(queue, view)| queue_row(topic, queue, view)));
    }
    for (topic, rates) in overview.topics.iter().zip(rates) {
        lines.extend(topic_lines(topic, *rates));
    }
    lines.push(String::new());
    let seen = overview.processes.iter().filter(|it| it.state != ProcessState::Stopped);
    let count = lines.len();
    lines.extend(seen.flat_map(|process| {
        let clocks = skew::sentences(&process.clocks_ahead).map(|it| format!("  clock: {it}"));
        std::iter::once(process_line(process, overview.at)).chain(clocks)
    }));
    if lines.len() == count {
        lines.push("no process runs; start `crosswire web` and `crosswire worker`".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

fn store(store: &StoreView) -> String {
    match store.problems.as_slice() {
        [] => "store: ready".to_owned(),
        problems => format!("store: {}", problems.join("; ")),
    }
}

fn row(cells: [String; 9]) -> String {
    let [topic, queue, rest @ ..] = cells;
    let rest: Vec<String> = rest.iter().map(|cell| format!("{cell:>7}")).collect();
    format!("{topic:<16} {queue:<8}{}", rest.join(" "))
}

fn queue_row(topic: &TopicView, queue: &str, view: &QueueView) -> String {
    row([
        topic.name.to_string(),
        queue.to_owned(),
        view.depth.pending.to_string(),
        view.depth.ready.to_string(),
        view.depth.leased.to_string(),
        (view.depth.delayed + view.depth.suspect).to_string(),
        view.depth.scheduled.to_string(),
        view.depth.dead.to_string(),
        view.oldest_seconds.map_or_else(|| "-".to_owned(), duration),
    ])
}

fn topic_lines(topic: &TopicView, rates: Option<Rates>) -> Vec<String> {
    let totals = &topic.totals;
    let mut lines = vec![
        String::new(),
        format!(
            "{}: {} received, {} handled, {} sent, {} failed, {} retried, {} conflicts, {} segments",
            topic.name,
            totals.received,
            totals.handled,
            totals.sent,
            totals.failed,
            totals.retried,
            totals.conflicts,
            totals.segments,
        ),
    ];
    if let Some(Rates { received, handled, sent }) = rates {
        lines.push(format!(
            "  per minute: {received:.0} received, {handled:.0} handled, {sent:.0} sent"
        ));
    }
    let latency: Vec<String> =
        topic.latency.iter().filter_map(|(stage, latency)| latency_of(stage, latency)).collect();
    if !latency.is_empty() {
        lines.push(format!("  half and 99 % within: {}", latency.join(", ")));
    }
    let retries = topic.retries.iter().filter(|it| it.count > 0);
    let retries: Vec<String> =
        retries.map(|it| format!("{} {} {}", it.queue, it.reason, it.count)).collect();
    if !retries.is_empty() {
        lines.push(format!("  retries: {}", retries.join(", ")));
    }
    for pause in &topic.pauses {
        let time =
            pause.remaining_seconds.map_or_else(String::new, |it| format!(" for {}", duration(it)));
        lines.push(format!("  paused: {}{time}: {} ({})", pause.shown, pause.reason, pause.code));
    }
    for budget in &topic.budgets {
        let scope = if budget.scope.is_empty() { "" } else { &budget.scope };
        let (spent, limit) = (budget.spent, budget.limit.saturating_add(budget.added));
        lines.push(
            format!("  budget {scope}: {spent} of {limit} segments spent today").replace(" :", ":"),
        );
    }
    if topic.sockets > 0.0 || topic.opt_outs > 0 {
        lines.push(format!("  {} sockets, {} opt-outs on record", topic.sockets, topic.opt_outs));
    }
    lines
}

fn latency_of(stage: &str, latency: &Latency) -> Option<String> {
    let (half, most) = (latency.p50?, latency.p99?);
    Some(format!("{} {} / {}", stage.replace('_', " "), duration(half), duration(most)))
}

fn process_line(process: &ProcessView, now: DateTime<Utc>) -> String {
    let age = (now - process.at).as_seconds_f64().max(0.0);
    let up = (process.at - process.started_at).as_seconds_f64().max(0.0);
    let memory = process.memory_bytes.map_or_else(String::new, |it| format!(", {} MB", it >> 20));
    let state = match process.state {
        ProcessState::Lost => format!("LOST, last seen {} ago", duration(age)),
        state => format!("{}, up {}", state.as_str(), duration(up)),
    };
    let (role, host, hand) = (&process.role, &process.host, process.in_hand.len());
    format!("{role} at {host}: {state}{memory}, {hand} in hand")
}

/// Shows seconds with their unit, short.
fn duration(seconds: f64) -> String {
    match seconds {
        it if it.is_infinite() => "over 5 min".to_owned(),
        it if it < 1.0 => format!("{:.1} ms", it * 1_000.0).replace(".0 ms", " ms"),
        it if it < 120.0 => format!("{it:.0} s"),
        it if it < 7_200.0 => format!("{:.0} min", it / 60.0),
        it if it < 172_800.0 => format!("{:.0} h", it / 3_600.0),
        it => format!("{:.0} d", it / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let shown = [0.0005, 0.01, 1.0, 119.4, 3_600.0, 90_000.0, 864_000.0, f64::INFINITY];
        let expected = ["0.5 ms", "10 ms", "1 s", "119 s", "60 min", "25 h", "10 d", "over 5 min"];
        assert_eq!(shown.map(duration), expected);
    }

    #[test]
    fn outage_is_an_object_too() {
        let away = as_json(&Err(anyhow::anyhow!("no answer")));
        assert_eq!(away, json!({ "store": { "ready": false, "problems": ["no answer"] } }));
    }

    #[test]
    fn rates_are_those_of_the_last_minute() {
        let now: DateTime<Utc> = "2026-11-21T12:10:00Z".parse().unwrap();
        let sample = |seconds: i64, received| Sample {
            at: now - chrono::TimeDelta::seconds(seconds),
            inbound: 0,
            outbox: 0,
            oldest_seconds: 0.0,
            dead: 0,
            received,
            handled: received,
            sent: 2 * received,
            failed: 0,
        };
        let found =
            rates(&[sample(300, 0), sample(70, 100), sample(40, 105), sample(10, 130)], now);
        assert_eq!(found, Some(Rates { received: 30.0, handled: 30.0, sent: 60.0 }));
        assert_eq!(rates(&[sample(200, 0), sample(190, 5)], now), None, "that is long ago");
        assert_eq!(rates(&[], now), None);
    }
}
