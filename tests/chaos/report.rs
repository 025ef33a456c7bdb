//! Table of results.

use std::time::Duration;

use crate::checker::{History, Name, Verdict};
use crate::scenario::Scenario;
use crate::support::Deployment;

/// Faults of one kind that are named, beside their number.
const NAMED: usize = 5;

/// Result of a scenario.
pub(crate) struct Row {
    name: &'static str,
    texts: usize,
    faults: usize,
    verdict: Verdict,
    p50: Duration,
    p99: Duration,
    recovery: Option<Duration>,
    notes: Vec<String>,
    /// Logs of the processes, when there is something to find in them.
    pub(crate) logs: Option<String>,
}

impl Row {
    pub(crate) fn new(
        scenario: &Scenario,
        history: &History,
        verdict: &Verdict,
        recoveries: &[Duration],
    ) -> Self {
        let begun: std::collections::HashMap<Name, Duration> =
            history.texts.iter().map(|it| ((it.sender, it.number), it.begun())).collect();
        let mut times: Vec<Duration> = history
            .deliveries
            .iter()
            .filter_map(|it| Some(it.at.saturating_sub(*begun.get(&(it.sender, it.number))?)))
            .collect();
        times.sort();
        Self {
            name: scenario.name,
            texts: history.texts.len(),
            faults: recoveries.len(),
            verdict: verdict.clone(),
            p50: quantile(&times, 50),
            p99: quantile(&times, 99),
            recovery: recoveries.iter().max().copied(),
            notes: notes(history, verdict),
            logs: None,
        }
    }

    /// Adds the work that is left, and the logs when anything is wrong.
    pub(crate) fn with(mut self, left: Vec<String>, note: String, deployment: &Deployment) -> Self {
        self.notes.extend(Some(note).filter(|note| !note.is_empty()));
        self.notes.extend(left.into_iter().map(|left| format!("left: {left}")));
        self.logs = (!self.verdict.is_clean()).then(|| deployment.logs());
        self
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.verdict.is_clean()
    }

    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(crate) fn cells(&self) -> [String; 10] {
        let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
        let count = |names: &[Name]| names.len().to_string();
        [
            self.name.to_owned(),
            self.texts.to_string(),
            self.faults.to_string(),
            count(&self.verdict.lost),
            count(&self.verdict.doubled),
            count(&self.verdict.out_of_order),
            count(&self.verdict.wrong_partner),
            seconds(self.p50),
            seconds(self.p99),
            self.recovery.map_or("-".to_owned(), seconds),
        ]
    }
}

pub(crate) const HEAD: [&str; 10] = [
    "scenario",
    "texts",
    "faults",
    "lost",
    "doubled",
    "out of order",
    "wrong partner",
    "p50",
    "p99",
    "recovery",
];

/// Formats a row of the table, in Markdown.
pub(crate) fn line(cells: &[impl AsRef<str>; 10]) -> String {
    let widths = [17, 7, 6, 4, 7, 12, 13, 8, 8, 8];
    let cells = cells.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
        let cell = cell.as_ref();
        if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
    });
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// Names the first faults of each kind with their attempts, and counts the texts that retries explain.
fn notes(history: &History, verdict: &Verdict) -> Vec<String> {
    let kinds = [
        ("lost", &verdict.lost),
        ("doubled", &verdict.doubled),
        ("out of order", &verdict.out_of_order),
        ("wrong partner", &verdict.wrong_partner),
    ];
    let mut notes = Vec::new();
    for (kind, names) in kinds {
        for (sender, number) in names.iter().take(NAMED) {
            let text = history.texts.iter().find(|it| (it.sender, it.number) == (*sender, *number));
            let attempts = text.map(|text| &text.attempts);
            let at: Vec<Duration> = history
                .deliveries
                .iter()
                .filter(|it| (it.sender, it.number) == (*sender, *number))
                .map(|it| it.at)
                .collect();
            notes.push(format!("{kind}: {sender}/{number} {attempts:?}, delivered {at:?}"));
        }
    }
    if !verdict.overtaken.is_empty() {
        notes.push(overtaken(history, verdict));
    }
    let unknown = history.texts.iter().filter(|text| text.accepted().is_none()).count();
    if unknown > 0 {
        notes.push(format!("{unknown} texts were given up by their senders"));
    }
    notes
}

/// Tells why texts arrived after one with a later number.
fn overtaken(history: &History, verdict: &Verdict) -> String {
    let texts: std::collections::HashMap<Name, bool> =
        history.texts.iter().map(|it| ((it.sender, it.number), it.is_retried())).collect();
    let all = verdict.overtaken.len();
    let retried = verdict.overtaken.iter().filter(|name| texts[name]).count();
    format!(
        "{all} texts arrived after a later one of their sender that overlaps them in time: {retried} \
         were tried again by the sender, {} were in flight together",
        all - retried
    )
}
