//! Figures of a process: counters, levels and durations, by label.
//!
//! Every part of a process records into one [`Figures`]. Recording takes no input or output and never
//! fails, so that it may stand on any path. Names and labels come from the `catalogue` alone.

pub mod catalogue;
mod recorded;
mod report;
mod series;
mod store_calls;

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

pub use self::catalogue::{Figure, Kind};
use self::recorded::{Cell, Recorded};
pub use self::report::{
    FAREWELL_KEPT, InHand, LOST_AFTER, ProcessReport, REPORT_INTERVAL, REPORT_KEPT,
};
pub use self::series::{BOUNDS, Series, Times, Value};
pub use self::store_calls::StoreCalls;

/// Figures of one process.
#[derive(Debug)]
pub struct Figures {
    /// Series of each figure of the catalogue. A figure has few of them, so they are searched one by one;
    /// a lock is held for writing only when one is new.
    series: [RwLock<Vec<Recorded>>; catalogue::ALL.len()],
}

impl Default for Figures {
    fn default() -> Self {
        Self { series: std::array::from_fn(|_| RwLock::default()) }
    }
}

impl Figures {
    /// Adds to a counter. `labels` are the values of the figure's labels, in their order.
    pub fn count(&self, figure: &'static Figure, labels: &[&str], by: u64) {
        self.record(figure, labels, |cell| cell.count(by));
    }

    /// Sets a level.
    pub fn set(&self, figure: &'static Figure, labels: &[&str], level: f64) {
        self.record(figure, labels, |cell| cell.set(level));
    }

    /// Counts a duration.
    pub fn observe(&self, figure: &'static Figure, labels: &[&str], time: Duration) {
        self.record(figure, labels, |cell| cell.observe(time));
    }

    /// Returns all series, by name and labels.
    pub fn snapshot(&self) -> Vec<Series> {
        let mut all = Vec::new();
        for (figure, series) in catalogue::ALL.iter().zip(&self.series) {
            let series = series.read().unwrap_or_else(PoisonError::into_inner);
            all.extend(series.iter().map(|it| Series {
                name: figure.name.to_owned(),
                labels: it.labels.clone(),
                value: it.cell.value(),
            }));
        }
        all.sort_by(|one, other| (&one.name, &one.labels).cmp(&(&other.name, &other.labels)));
        all
    }

    fn record(&self, figure: &'static Figure, labels: &[&str], change: impl Fn(&Cell)) {
        debug_assert_eq!(labels.len(), figure.labels.len(), "labels of {}", figure.name);
        let series = &self.series[figure.place];
        let find = |known: &[Recorded]| {
            let known = known.iter().find(|it| it.labels == labels);
            known.map(|known| change(&known.cell)).is_some()
        };
        if find(&series.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut series = series.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have recorded the first value meanwhile.
        if find(&series) {
            return;
        }
        let cell = Cell::new(figure.kind);
        change(&cell);
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        series.push(Recorded { labels, cell });
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
        figures.set(&IN_HAND, &["t", "inbound"], 3.0);
        figures.set(&IN_HAND, &["t", "inbound"], 2.0);
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

    #[test]
    fn values_of_many_threads_are_all_counted() {
        let figures = Figures::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        figures.count(&SETTLED, &["t", "inbound", "completed"], 1);
                        figures.observe(&HANDLER_SECONDS, &["t"], Duration::from_millis(1));
                    }
                });
            }
        });
        let found = figures.snapshot();
        assert_eq!(found.len(), 2);
        for series in found {
            match series.value {
                Value::Count(count) => assert_eq!(count, 4_000),
                Value::Times(times) => assert_eq!((times.count(), times.sum_seconds), (4_000, 4.0)),
                Value::Level(_) => panic!("{series:?}"),
            }
        }
    }
}
