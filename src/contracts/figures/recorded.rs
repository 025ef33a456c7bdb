//! Recorded series: values that many threads change at once, without waiting for each other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::catalogue::Kind;
use super::series::{BOUNDS, Times, Value};

/// One series of a figure, as it is recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) labels: Vec<String>,
    pub(super) cell: Cell,
}

/// Value of a series. Each number is right by itself; a reader may find a duration in its bucket that is
/// not in the sum yet.
#[derive(Debug)]
pub(super) enum Cell {
    Count(AtomicU64),
    /// Bits of the level.
    Level(AtomicU64),
    Times {
        buckets: [AtomicU64; BOUNDS.len() + 1],
        sum_nanos: AtomicU64,
    },
}

impl Cell {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Count(AtomicU64::default()),
            Kind::Gauge => Self::Level(AtomicU64::new(0f64.to_bits())),
            Kind::Histogram => Self::Times {
                buckets: std::array::from_fn(|_| AtomicU64::default()),
                sum_nanos: AtomicU64::default(),
            },
        }
    }

    /// Adds to a counter.
    pub(super) fn count(&self, by: u64) {
        if let Self::Count(count) = self {
            count.fetch_add(by, Ordering::Relaxed);
        }
    }

    /// Sets a level.
    pub(super) fn set(&self, level: f64) {
        if let Self::Level(bits) = self {
            bits.store(level.to_bits(), Ordering::Relaxed);
        }
    }

    /// Counts a duration.
    pub(super) fn observe(&self, time: Duration) {
        if let Self::Times { buckets, sum_nanos } = self {
            buckets[bucket(time)].fetch_add(1, Ordering::Relaxed);
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            sum_nanos.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    pub(super) fn value(&self) -> Value {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        match self {
            Self::Count(count) => Value::Count(read(count)),
            Self::Level(bits) => Value::Level(f64::from_bits(read(bits))),
            Self::Times { buckets, sum_nanos } => Value::Times(Times {
                buckets: buckets.iter().map(read).collect(),
                sum_seconds: Duration::from_nanos(read(sum_nanos)).as_secs_f64(),
            }),
        }
    }
}

/// Returns the index of the bucket that a duration belongs to.
fn bucket(time: Duration) -> usize {
    let seconds = time.as_secs_f64();
    BOUNDS.partition_point(|bound| *bound < seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_by_bucket() {
        let cell = Cell::new(Kind::Histogram);
        let times = || match cell.value() {
            Value::Times(times) => times,
            other => panic!("{other:?}"),
        };
        assert_eq!(times().quantile(0.5), None);
        for millis in [1, 3, 4, 400_000] {
            cell.observe(Duration::from_millis(millis));
        }
        let times = times();
        assert_eq!(times.count(), 4);
        assert_eq!(times.quantile(0.5), Some(0.005));
        assert_eq!(times.quantile(0.25), Some(0.001));
        assert_eq!(times.quantile(1.0), Some(f64::INFINITY));
        let mut sum = Times::default();
        sum.merge(&times);
        sum.merge(&times);
        assert_eq!((sum.count(), sum.sum_seconds), (8, 800.016));
    }
}
