//! Sampling of warnings about calls that are refused: a caller who is refused a thousand times a minute
//! buys one line of the log.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::network::network;

/// Time in which at most one warning about a network is logged.
const INTERVAL: Duration = Duration::from_mins(1);

/// Maximum number of networks that are counted. All others share one count.
const MAX_NETWORKS: usize = 1_024;

/// Count of the warnings about each network.
#[derive(Default)]
pub(super) struct Samples(Mutex<HashMap<IpAddr, Sample>>);

struct Sample {
    /// Uptime of the last warning.
    at: Duration,
    /// Warnings that were suppressed since.
    suppressed: u64,
}

impl Samples {
    /// Counts a warning about a caller. Returns the number of warnings that were suppressed since the
    /// last one when this one is to be logged.
    pub(super) fn count(&self, client: Option<IpAddr>, uptime: Duration) -> Option<u64> {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let mut key = network(client.unwrap_or(unknown));
        if !samples.contains_key(&key) && samples.len() >= MAX_NETWORKS {
            samples.retain(|_, sample| uptime.saturating_sub(sample.at) < INTERVAL);
            if samples.len() >= MAX_NETWORKS {
                key = unknown;
            }
        }
        match samples.get_mut(&key) {
            Some(sample) if uptime.saturating_sub(sample.at) < INTERVAL => {
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

    #[test]
    fn one_warning_a_minute_and_network_is_logged_with_the_number_of_the_others() {
        let samples = Samples::default();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        assert_eq!(samples.count(Some(one), Duration::ZERO), Some(0));
        for second in 1..60 {
            assert_eq!(samples.count(Some(one), Duration::from_secs(second)), None);
        }
        assert_eq!(samples.count(Some(other), Duration::from_secs(59)), Some(0));
        assert_eq!(samples.count(Some(one), INTERVAL), Some(59));
        assert_eq!(samples.count(Some(one), 2 * INTERVAL), Some(0));
    }

    #[test]
    fn number_of_networks_is_bounded() {
        let samples = Samples::default();
        let logged = (0..10_000_u32).filter(|number| {
            let client = IpAddr::V4(Ipv4Addr::from_bits(*number + 1));
            samples.count(Some(client), Duration::ZERO).is_some()
        });
        assert!(logged.count() <= MAX_NETWORKS + 1);
        assert!(samples.0.lock().unwrap().len() <= MAX_NETWORKS + 1);
    }
}
