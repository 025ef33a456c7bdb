//! Figures of a process: counters, levels and durations, by label.
//!
//! Every part of a process records into one [`Figures`]. Recording takes no input or output and never
//! fails, so that it may stand on any path. Names and labels come from the `catalogue` alone.

pub mod catalogue;
mod report;
mod series;
mod store_calls;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use self::catalogue::{Figure, Kind};
pub use self::report::{
    FAREWELL_KEPT, InHand, LOST_AFTER, ProcessReport, REPORT_INTERVAL, REPORT_KEPT,
};
pub use self::series::{BOUNDS, Series, Times, Value};
pub use self::store_calls::StoreCalls;

/// Figures of one process.
#[derive(Debug, Default)]
pub struct Figures {
    /// Series by the name of their figure. A figure has few series, so they are searched one by one.
    series: Mutex<BTreeMap<&'static str, Vec<Recorded>>>,
}

#[derive(Debug)]
struct Recorded {
    labels: Vec<String>,
    value: Value,
}

impl Figures {
    /// Adds to a counter. `labels` are the values of the figure's labels, in their order.
    pub fn count(&self, figure: &'static Figure, labels: &[&str], by: u64) {
        self.change(figure, labels, |value| {
            if let Value::Count(count) = value {
                *count += by;
            }
        });
    }

    /// Sets a level.
    pub fn set(&self, figure: &'static Figure, labels: &[&str], level: f64) {
        self.change(figure, labels, |value| *value = Value::Level(level));
    }

    /// Adds to a level, or takes from it.
    pub fn add(&self, figure: &'static Figure, labels: &[&str], by: f64) {
        self.change(figure, labels, |value| {
            if let Value::Level(level) = value {
                *level += by;
            }
        });
    }

    /// Counts a duration.
    pub fn observe(&self, figure: &'static Figure, labels: &[&str], time: Duration) {
        self.change(figure, labels, |value| {
            if let Value::Times(times) = value {
                times.observe(time);
            }
        });
    }

    /// Returns all series, by name and labels.
    pub fn snapshot(&self) -> Vec<Series> {
        let recorded = self.recorded();
        let all =
            recorded.iter().flat_map(|(name, series)| series.iter().map(move |it| (name, it)));
        let mut all: Vec<Series> = all
            .map(|(name, it)| Series {
                name: (*name).to_owned(),
                labels: it.labels.clone(),
                value: it.value.clone(),
            })
            .collect();
        all.sort_by(|one, other| (&one.name, &one.labels).cmp(&(&other.name, &other.labels)));
        all
    }

    fn change(&self, figure: &'static Figure, labels: &[&str], change: impl FnOnce(&mut Value)) {
        debug_assert_eq!(labels.len(), figure.labels.len(), "labels of {}", figure.name);
        let mut recorded = self.recorded();
        let series = recorded.entry(figure.name).or_default();
        if let Some(known) = series.iter_mut().find(|it| it.labels == labels) {
            return change(&mut known.value);
        }
        let mut value = figure.kind.zero();
        change(&mut value);
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        series.push(Recorded { labels, value });
    }

    fn recorded(&self) -> MutexGuard<'_, BTreeMap<&'static str, Vec<Recorded>>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::catalogue::{HANDLER_SECONDS, IN_HAND, SETTLED};
    use super::*;

    #[test]
    fn each_series_keeps_its_own_value() {
        let figures = Figures::default();
        figures.count(&SETTLED, &["t", "inbound", "completed"], 2);
        figures.count(&SETTLED, &["t", "inbound", "completed"], 1);
        figures.count(&SETTLED, &["t", "inbound", "buried"], 1);
        figures.add(&IN_HAND, &["t", "inbound"], 3.0);
        figures.add(&IN_HAND, &["t", "inbound"], -1.0);
        figures.observe(&HANDLER_SECONDS, &["t"], Duration::from_millis(3));
        let found = figures.snapshot();
        let value = |name: &str, last: &str| {
            let it = found.iter().find(|it| it.name == name && it.labels.last().unwrap() == last);
            it.map(|it| it.value.clone())
        };
        assert_eq!(value(SETTLED.name, "completed"), Some(Value::Count(3)));
        assert_eq!(value(SETTLED.name, "buried"), Some(Value::Count(1)));
        assert_eq!(value(IN_HAND.name, "inbound"), Some(Value::Level(2.0)));
        let Some(Value::Times(times)) = value(HANDLER_SECONDS.name, "t") else { panic!() };
        assert_eq!(times.count(), 1);
    }
}
