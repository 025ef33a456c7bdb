//! Back-off of repeated attempts to send.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

const LONGEST: Duration = Duration::from_mins(1);

/// Delay before another attempt: from half a second to a minute, doubling, with jitter so that the
/// attempts of many messages do not fall together.
pub(super) fn backoff(failures: u32) -> Duration {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(LONGEST)
        .with_jitter()
        .without_max_times()
        .build()
        .nth(failures as usize)
        .unwrap_or(LONGEST)
}
