//! Refusal of networks that send many forged calls, before any work on their next one.
//!
//! Each network has a bucket of forged calls; while it is empty, a network is answered 429. It fills by
//! one call a second, so that a network never stays out for good: the first genuine call that is looked
//! at lets it in again. A network from which a genuine call has come lately is never refused, and neither
//! is a private one, behind which a proxy may stand.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::model::clock::Clock;
use crate::model::network::{is_public, network};

/// Forged calls at once.
const BURST: u32 = 60;
/// Time in which the bucket gets one call back.
const INTERVAL: Duration = Duration::from_secs(1);
/// Time for which a genuine call is remembered.
const TRUST: Duration = Duration::from_hours(24);
/// Maximum number of networks in memory. Others are not counted.
const MAX_NETWORKS: usize = 4_096;

/// Counts forged calls by network.
pub struct CallThrottle {
    clock: Arc<dyn Clock>,
    networks: Mutex<HashMap<IpAddr, Calls>>,
}

/// Calls of one network.
#[derive(Clone, Copy, Default)]
struct Calls {
    /// Uptime at which its bucket is full.
    full_at: Duration,
    /// Uptime until which it is trusted.
    trusted_until: Duration,
}

impl CallThrottle {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, networks: Mutex::default() }
    }

    /// Returns the time that a network has to wait, when its next call is not looked at.
    pub fn wait(&self, client: IpAddr) -> Option<Duration> {
        let now = self.clock.uptime();
        let networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = networks.get(&network(client)).filter(|calls| calls.trusted_until <= now)?;
        let wait = calls.full_at.saturating_sub(now).saturating_sub(INTERVAL * (BURST - 1));
        (!wait.is_zero()).then_some(wait)
    }

    /// Counts a call that was looked at.
    pub fn count(&self, client: IpAddr, is_forged: bool) {
        if !is_public(client) {
            return;
        }
        let now = self.clock.uptime();
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let key = network(client);
        if !networks.contains_key(&key) && networks.len() >= MAX_NETWORKS {
            networks.retain(|_, calls| calls.full_at > now || calls.trusted_until > now);
            if networks.len() >= MAX_NETWORKS {
                return;
            }
        }
        let calls = networks.entry(key).or_default();
        if is_forged {
            calls.full_at = calls.full_at.max(now) + INTERVAL;
        } else {
            calls.trusted_until = now + TRUST;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::ManualClock;

    fn throttle() -> (CallThrottle, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH));
        (CallThrottle::new(Arc::clone(&clock) as _), clock)
    }

    fn forge(throttle: &CallThrottle, client: IpAddr, calls: u32) {
        (0..calls).for_each(|_| throttle.count(client, true));
    }

    const FORGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(8, 8, 8, 8));

    #[test]
    fn network_of_many_forged_calls_waits_and_one_a_second_is_looked_at() {
        let (throttle, clock) = throttle();
        forge(&throttle, FORGER, BURST - 1);
        assert_eq!(throttle.wait(FORGER), None);
        forge(&throttle, FORGER, 1);
        assert_eq!(throttle.wait(FORGER), Some(INTERVAL));
        assert_eq!(throttle.wait(IpAddr::from([8, 8, 4, 4])), None, "another network");
        clock.advance(INTERVAL);
        assert_eq!(throttle.wait(FORGER), None);
        forge(&throttle, FORGER, 1);
        assert_eq!(throttle.wait(FORGER), Some(INTERVAL));
    }

    #[test]
    fn genuine_call_lets_a_network_in_for_a_day() {
        let (throttle, clock) = throttle();
        forge(&throttle, FORGER, BURST);
        throttle.count(FORGER, false);
        forge(&throttle, FORGER, 10 * BURST);
        assert_eq!(throttle.wait(FORGER), None);
        clock.advance(TRUST);
        forge(&throttle, FORGER, BURST);
        assert!(throttle.wait(FORGER).is_some());
    }

    #[test]
    fn private_network_is_never_refused_and_memory_is_bounded() {
        let (throttle, _) = throttle();
        let proxy = IpAddr::from([10, 0, 0, 1]);
        forge(&throttle, proxy, 10 * BURST);
        assert_eq!(throttle.wait(proxy), None);
        for number in 0..10_000_u32 {
            throttle.count(IpAddr::V4((0x0808_0000 + number).into()), true);
        }
        assert_eq!(throttle.networks.lock().unwrap().len(), MAX_NETWORKS);
    }
}
