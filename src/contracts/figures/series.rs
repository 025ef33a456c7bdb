//! Series: the values of one figure under one set of labels.

use serde::{Deserialize, Serialize};

/// Upper bounds of the buckets of a duration, in seconds. A last bucket holds what is longer.
pub const BOUNDS: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0,
    300.0,
];

/// Values of one figure under one set of labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub name: String,
    /// Values of the figure's labels, in their order.
    pub labels: Vec<String>,
    pub value: Value,
}

/// Value of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Total since the process started.
    Count(u64),
    Level(f64),
    Times(Times),
}

/// Durations that were counted, by bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// Number of durations of each bucket of [`BOUNDS`], and of longer ones. Not cumulative.
    pub buckets: Vec<u64>,
    pub sum_seconds: f64,
}

impl Times {
    /// Returns the number of durations.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Adds the durations of another series.
    pub fn merge(&mut self, other: &Self) {
        self.buckets.resize(BOUNDS.len() + 1, 0);
        for (ours, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *ours += theirs;
        }
        self.sum_seconds += other.sum_seconds;
    }

    /// Returns the bound, in seconds, that a share of the durations does not exceed; nothing when none was
    /// counted, infinity for the last bucket.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let count = self.count();
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let rank = share * count as f64;
        let mut below = 0;
        for (index, bucket) in self.buckets.iter().enumerate() {
            below += bucket;
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
            if *bucket > 0 && below as f64 >= rank {
                return Some(BOUNDS.get(index).copied().unwrap_or(f64::INFINITY));
            }
        }
        None
    }
}
