//! Gauges: an overview of a deployment as series.

use std::collections::BTreeMap;

use crate::contracts::figures::catalogue::{
    BACKLOG_PER_WORKER, BUDGET_LIMIT, BUDGET_SPENT, OPT_OUTS, PAUSED, PROCESSES, QUEUE_DEAD,
    QUEUE_GROUPS, QUEUE_MESSAGES, QUEUE_OLDEST_SECONDS, QUEUE_SCHEDULED, STORE_READY,
};
use crate::contracts::figures::{Figure, Series, Value};
use crate::engine::operations::{Overview, QueueView, TopicView};
use crate::engine::processes::ProcessState;

/// Returns the series of everything that is read from the store.
pub(super) fn series(overview: &Overview) -> Vec<Series> {
    let mut all: Vec<Series> = overview.topics.iter().flat_map(of_topic).collect();
    all.extend(processes(overview));
    all
}

/// Returns the series that says whether the store is reachable and safe.
pub(super) fn store_ready(is_ready: bool) -> Series {
    gauge(&STORE_READY, &[], f64::from(u8::from(is_ready)))
}

fn of_topic(topic: &TopicView) -> Vec<Series> {
    let name = topic.name.as_str();
    let queues = topic.queues.iter();
    let mut all: Vec<Series> =
        queues.flat_map(|(queue, view)| of_queue([name, queue], view)).collect();
    all.push(gauge(&BACKLOG_PER_WORKER, &[name], topic.backlog_per_worker));
    all.extend(paused(topic));
    for budget in &topic.budgets {
        let labels = [name, budget.scope.as_str()];
        all.push(count(&BUDGET_SPENT, &labels, budget.spent));
        all.push(count(&BUDGET_LIMIT, &labels, budget.limit.saturating_add(budget.added)));
    }
    all.push(count(&OPT_OUTS, &[name], topic.opt_outs));
    all
}

/// Pauses whose masked lines look the same are one series.
fn paused(topic: &TopicView) -> impl Iterator<Item = Series> {
    let mut counts: BTreeMap<(&str, u32), u64> = BTreeMap::new();
    for pause in &topic.pauses {
        *counts.entry((&pause.shown, pause.code)).or_default() += 1;
    }
    let name = topic.name.as_str();
    let series = |((shown, code), it): ((&str, u32), u64)| {
        count(&PAUSED, &[name, shown, &code.to_string()], it)
    };
    counts.into_iter().map(series)
}

fn of_queue(queue: [&str; 2], view: &QueueView) -> Vec<Series> {
    let [topic, kind] = queue;
    let states = [
        ("ready", view.depth.ready),
        ("leased", view.depth.leased),
        ("delayed", view.depth.delayed),
        ("suspect", view.depth.suspect),
    ];
    let groups = states.map(|(state, groups)| count(&QUEUE_GROUPS, &[topic, kind, state], groups));
    let levels = [
        count(&QUEUE_MESSAGES, &queue, view.depth.pending),
        count(&QUEUE_SCHEDULED, &queue, view.depth.scheduled),
        count(&QUEUE_DEAD, &queue, view.depth.dead),
        gauge(&QUEUE_OLDEST_SECONDS, &queue, view.oldest_seconds.unwrap_or_default()),
    ];
    groups.into_iter().chain(levels).collect()
}

fn processes(overview: &Overview) -> Vec<Series> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for process in &overview.processes {
        if process.state == ProcessState::Stopped {
            continue;
        }
        for state in [ProcessState::Running, ProcessState::Lost] {
            let number = counts.entry((&process.role, state.as_str())).or_default();
            *number += u64::from(state == process.state);
        }
    }
    counts.into_iter().map(|((role, state), it)| count(&PROCESSES, &[role, state], it)).collect()
}

fn gauge(figure: &Figure, labels: &[&str], level: f64) -> Series {
    let labels = labels.iter().map(|&label| label.to_owned()).collect();
    Series { name: figure.name.to_owned(), labels, value: Value::Level(level) }
}

fn count(figure: &Figure, labels: &[&str], number: u64) -> Series {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let level = number as f64;
    gauge(figure, labels, level)
}
