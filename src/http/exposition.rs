//! Exposition: series in the text formats of Prometheus and `OpenMetrics`.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::contracts::figures::{BOUNDS, Figure, Kind, Series, Value, catalogue};
use crate::engine::scrape::Source;

/// Beginning of the name of every metric.
const PREFIX: &str = "crosswire";

/// Text format of an exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Prometheus text 0.0.4, which every scraper reads.
    Prometheus,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    /// Returns the format that an `Accept` header prefers; of two that it likes as much, `OpenMetrics`.
    pub(super) fn of(accept: &str) -> Self {
        let open = quality(accept, "application/openmetrics-text");
        let is_open = open > 0.0 && open >= quality(accept, "text/plain");
        if is_open { Self::OpenMetrics } else { Self::Prometheus }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Returns how much an `Accept` header wants a type that it names, from 0 to 1.
fn quality(accept: &str, kind: &str) -> f64 {
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_named = parts.next()?.eq_ignore_ascii_case(kind);
        let quality = parts.find_map(|part| part.strip_prefix("q="));
        is_named.then(|| quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0)))
    });
    ranges.fold(0.0, f64::max)
}

/// Writes all series in a format.
pub(super) fn write(sources: &Arc<Vec<Source>>, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Exposition(Arc::clone(sources))));
    let mut written = String::new();
    match format {
        Format::OpenMetrics => text::encode(&mut written, &registry)?,
        Format::Prometheus => {
            text::encode_registry(&mut written, &registry)?;
            written = with_totals(&written);
        }
    }
    Ok(written)
}

/// Gives counters the names that Prometheus knows them by: in `OpenMetrics` the descriptions of a counter
/// leave the suffix of its samples out.
fn with_totals(written: &str) -> String {
    let mut lines = Vec::new();
    for line in written.lines() {
        let mut words = line.splitn(4, ' ');
        let is_counter = |name: &str| {
            let figure = catalogue::ALL.iter().find(|figure| {
                name.strip_prefix(PREFIX).and_then(|name| name.strip_prefix('_'))
                    == Some(figure.name)
            });
            figure.is_some_and(|figure| figure.kind == Kind::Counter)
        };
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(word), Some(name), Some(rest)) if is_counter(name) => {
                lines.push(format!("# {word} {name}_total {rest}"));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

struct Exposition(Arc<Vec<Source>>);

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").finish_non_exhaustive()
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for figure in catalogue::ALL {
            let found = self.0.iter().flat_map(|source| {
                let of_figure = source.series.iter().filter(|it| it.name == figure.name);
                of_figure.map(move |it| (source, it))
            });
            let mut found = found.peekable();
            if found.peek().is_none() {
                continue;
            }
            let kind = metric_type(figure.kind);
            let mut metric = encoder.encode_descriptor(figure.name, figure.help, None, kind)?;
            for (source, series) in found {
                let labels = labels(figure, source, series);
                encode(metric.encode_family(&labels)?, figure.kind, &series.value)?;
            }
        }
        Ok(())
    }
}

fn metric_type(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    }
}

fn labels(figure: &Figure, source: &Source, series: &Series) -> Vec<(String, String)> {
    let names = figure.labels.iter().map(|&name| name.to_owned());
    let mut labels: Vec<(String, String)> = names.zip(series.labels.iter().cloned()).collect();
    if let Some((id, role)) = &source.process {
        labels.push(("process".to_owned(), id.clone()));
        // A count of processes has the role of those that it counts.
        labels.push(("role".to_owned(), role.clone()));
    }
    labels
}

/// Encodes a value; one of another kind, such as another version's, is left out.
fn encode(mut metric: MetricEncoder<'_>, kind: Kind, value: &Value) -> Result<(), fmt::Error> {
    match (kind, value) {
        (Kind::Counter, Value::Count(count)) => {
            metric.encode_counter::<NoLabelSet, u64, f64>(count, None)
        }
        (Kind::Gauge, Value::Level(level)) => metric.encode_gauge(level),
        (Kind::Histogram, Value::Times(times)) => {
            let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(times.buckets.iter().copied()).collect();
            let (sum, count) = (times.sum_seconds, times.count());
            metric.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::contracts::figures::Figures;
    use crate::contracts::figures::catalogue::{CALLS, HANDLER_SECONDS, PAUSED};

    fn sources() -> Arc<Vec<Source>> {
        let figures = Figures::default();
        figures.count(&CALLS, &["t", "twilio", "accepted"], 7);
        figures.observe(&HANDLER_SECONDS, &["t"], Duration::from_millis(3));
        let deployment = Figures::default();
        deployment.set(&PAUSED, &["t", "twilio \"a\\b\"\nc", "30001"], 1.0);
        Arc::new(vec![
            Source {
                process: Some(("p1".to_owned(), "web".to_owned())),
                series: figures.snapshot(),
            },
            Source { process: None, series: deployment.snapshot() },
        ])
    }

    #[test]
    fn counters_are_described_by_the_name_that_each_format_gives_them() {
        let prometheus = write(&sources(), Format::Prometheus).unwrap();
        assert!(prometheus.contains("# TYPE crosswire_calls_total counter\n"), "{prometheus}");
        let sample = "crosswire_calls_total{topic=\"t\",transport=\"twilio\",outcome=\"accepted\",\
                      process=\"p1\",role=\"web\"} 7\n";
        assert!(prometheus.contains(sample), "{prometheus}");
        assert!(!prometheus.contains("EOF"));
        let open = write(&sources(), Format::OpenMetrics).unwrap();
        assert!(open.contains("# TYPE crosswire_calls counter\n"), "{open}");
        assert!(open.contains(sample) && open.ends_with("# EOF\n"), "{open}");
    }

    #[test]
    fn histogram_is_cumulative_and_labels_are_escaped() {
        let written = write(&sources(), Format::Prometheus).unwrap();
        for (bound, count) in [("0.0025", 0), ("0.005", 1), ("300.0", 1), ("+Inf", 1)] {
            let sample = format!(
                "crosswire_handler_seconds_bucket{{le=\"{bound}\",topic=\"t\",process=\"p1\",\
                 role=\"web\"}} {count}\n"
            );
            assert!(written.contains(&sample), "{sample}{written}");
        }
        assert!(written.contains(r#"scope="twilio \"a\\b\"\nc",code="30001"} 1.0"#), "{written}");
    }

    #[test]
    fn openmetrics_is_written_when_it_is_accepted() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
        assert_eq!(Format::of(prometheus), Format::OpenMetrics);
        let plain = "text/plain;version=0.0.4;q=0.6, application/openmetrics-text;q=0.5";
        let refused = "application/openmetrics-text;q=0";
        for other in ["", "*/*", "text/plain", plain, refused] {
            assert_eq!(Format::of(other), Format::Prometheus, "{other}");
        }
    }
}
