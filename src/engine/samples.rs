//! Sampling of warnings: what happens a thousand times a minute buys one line of the log.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Maximum number of subjects that are counted. All others share one count.
const MAX_SUBJECTS: usize = 1_024;

/// Counts of the warnings about each subject.
pub(super) struct Samples<S> {
    /// Time in which at most one warning about a subject is logged.
    interval: Duration,
    /// By subject; of all others under none.
    samples: Mutex<HashMap<Option<S>, Sample>>,
}

struct Sample {
    /// Uptime of the last warning.
    at: Duration,
    /// Warnings that were suppressed since.
    suppressed: u64,
}

impl<S: Eq + Hash> Samples<S> {
    pub(super) fn every(interval: Duration) -> Self {
        Self { interval, samples: Mutex::default() }
    }

    /// Counts a warning about a subject. Returns the number of warnings that were suppressed since the
    /// last one when this one is to be logged.
    pub(super) fn count(&self, subject: S, uptime: Duration) -> Option<u64> {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |sample: &Sample| uptime.saturating_sub(sample.at) < self.interval;
        let mut key = Some(subject);
        if !samples.contains_key(&key) && samples.len() >= MAX_SUBJECTS {
            samples.retain(|_, sample| is_recent(sample));
            if samples.len() >= MAX_SUBJECTS {
                key = None;
            }
        }
        match samples.get_mut(&key) {
            Some(sample) if is_recent(sample) => {
                sample.suppressed += 1;
                None
            }
            earlier => {
                let suppressed = earlier.map_or(0, |sample| sample.suppressed);
                samples.insert(key, Sample { at: uptime, suppressed: 0 });
                Some(suppressed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_mins(1);

    #[test]
    fn one_warning_a_minute_and_subject_is_logged_with_the_number_of_the_others() {
        let samples = Samples::every(INTERVAL);
        assert_eq!(samples.count("one", Duration::ZERO), Some(0));
        for second in 1..60 {
            assert_eq!(samples.count("one", Duration::from_secs(second)), None);
        }
        assert_eq!(samples.count("other", Duration::from_secs(59)), Some(0));
        assert_eq!(samples.count("one", INTERVAL), Some(59));
        assert_eq!(samples.count("one", 2 * INTERVAL), Some(0));
    }

    #[test]
    fn number_of_subjects_is_bounded() {
        let samples = Samples::every(INTERVAL);
        let logged =
            (0..10_000).filter(|subject| samples.count(*subject, Duration::ZERO).is_some());
        assert_eq!(logged.count(), MAX_SUBJECTS + 1);
        assert_eq!(samples.samples.lock().unwrap().len(), MAX_SUBJECTS + 1);
    }
}
