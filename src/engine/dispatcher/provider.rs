//! A provider, as the dispatcher sees it: the transport to it, and the brake.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::contracts::transport::Transport;
use crate::model::clock::{Clock, millis};

/// A provider that takes nothing is tried again at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A transport that is not used while its provider takes nothing.
pub(super) struct Provider {
    pub(super) transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    /// Until when nothing is sent, in milliseconds of uptime.
    paused_until: AtomicU64,
    /// How often in a row the provider has taken nothing.
    troubles: AtomicU32,
}

impl Provider {
    pub(super) fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { transport, clock, paused_until: AtomicU64::new(0), troubles: AtomicU32::new(0) }
    }

    /// It took something, so it is well.
    pub(super) fn took(&self) {
        self.troubles.store(0, Ordering::Relaxed);
    }

    /// It takes nothing: when that happens again and again, nobody sends for a while. What comes
    /// while nobody is to send belongs to the same trouble, and does not make it longer.
    pub(super) fn slow_down(&self) {
        if self.paused().is_zero() {
            let before = self.troubles.fetch_add(1, Ordering::Relaxed);
            if before > 0 {
                self.pause_for(pause(before).min(LONGEST_PAUSE));
            }
        }
    }

    pub(super) fn pause_for(&self, pause: Duration) {
        let until = self.clock.uptime() + pause;
        self.paused_until.store(millis(until), Ordering::Relaxed);
    }

    /// How much longer nothing is sent.
    pub(super) fn paused(&self) -> Duration {
        let until = Duration::from_millis(self.paused_until.load(Ordering::Relaxed));
        until.saturating_sub(self.clock.uptime())
    }
}

/// From half a second to a minute, doubling, with jitter, so that a provider that is in trouble is
/// not hit by everybody at once.
pub(super) fn pause(failures: u32) -> Duration {
    let longest = Duration::from_mins(1);
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(longest)
        .with_jitter()
        .without_max_times()
        .build()
        .nth(failures as usize)
        .unwrap_or(longest)
}
