//! Totals: the series of several processes, added up.

use crate::contracts::figures::catalogue::{CALLS, SENDS, SETTLED};
use crate::contracts::figures::{Figure, Series, Times, Value};

/// Series of several processes, one for each set of labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    series: Vec<Series>,
}

impl Totals {
    /// Adds up the series of all processes.
    pub fn of<'a>(series: impl IntoIterator<Item = &'a Series>) -> Self {
        let mut totals = Self::default();
        series.into_iter().for_each(|it| totals.add(it));
        totals
    }

    fn add(&mut self, series: &Series) {
        let known = self.series.iter_mut();
        let mut known = known.filter(|it| it.name == series.name && it.labels == series.labels);
        let Some(sum) = known.next() else { return self.series.push(series.clone()) };
        match (&mut sum.value, &series.value) {
            (Value::Count(sum), Value::Count(count)) => *sum += count,
            (Value::Level(sum), Value::Level(level)) => *sum += level,
            (Value::Times(sum), Value::Times(times)) => sum.merge(times),
            // Another version has another kind of figure under this name.
            _ => {}
        }
    }

    /// Returns the series of a figure. `labels` are values that the first labels must have.
    pub fn series<'a>(
        &'a self,
        figure: &'a Figure,
        labels: &'a [&'a str],
    ) -> impl Iterator<Item = &'a Series> {
        self.series.iter().filter(move |it| {
            it.name == figure.name && labels.iter().zip(&it.labels).all(|(one, other)| one == other)
        })
    }

    /// Returns the sum of a counter whose first labels have these values.
    pub fn count(&self, figure: &Figure, labels: &[&str]) -> u64 {
        let count = |it: &Series| if let Value::Count(count) = it.value { count } else { 0 };
        self.series(figure, labels).map(count).sum()
    }

    /// Returns the sum of a counter whose last label has one of these values, behind these first ones.
    pub fn count_of(&self, figure: &Figure, labels: &[&str], last: &[&str]) -> u64 {
        let is_wanted =
            |it: &&Series| it.labels.last().is_some_and(|it| last.contains(&it.as_str()));
        let count = |it: &Series| if let Value::Count(count) = it.value { count } else { 0 };
        self.series(figure, labels).filter(is_wanted).map(count).sum()
    }

    /// Returns the messages of a topic that were taken in.
    pub fn received(&self, topic: &str) -> u64 {
        self.count_of(&CALLS, &[topic], &["accepted"])
    }

    /// Returns the inbound messages of a topic that were handled.
    pub fn handled(&self, topic: &str) -> u64 {
        self.count(&SETTLED, &[topic, "inbound", "completed"])
    }

    /// Returns the messages of a topic that its providers have taken.
    pub fn sent(&self, topic: &str) -> u64 {
        self.count_of(&SENDS, &[topic], &["sent"])
    }

    /// Returns the messages of either queue of a topic that were given up.
    pub fn failed(&self, topic: &str) -> u64 {
        self.count_of(&SETTLED, &[topic], &["buried"])
    }

    /// Returns the sum of levels whose first labels have these values.
    pub fn level(&self, figure: &Figure, labels: &[&str]) -> f64 {
        let level = |it: &Series| if let Value::Level(level) = it.value { level } else { 0.0 };
        self.series(figure, labels).map(level).sum()
    }

    /// Returns the durations whose first labels have these values, together.
    pub fn times(&self, figure: &Figure, labels: &[&str]) -> Times {
        let mut all = Times::default();
        for series in self.series(figure, labels) {
            if let Value::Times(times) = &series.value {
                all.merge(times);
            }
        }
        all
    }
}
