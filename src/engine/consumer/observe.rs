//! Figures of a consumer: its settlements by outcome, and what it puts off.

use super::Consumer;
use crate::contracts::figures::Figure;
use crate::contracts::figures::catalogue::{RETRIES, SETTLED};
use crate::contracts::storage::Settled;

impl Consumer {
    /// Counts a settlement that the store has carried out, or found too late.
    pub(super) fn count_settled(&self, outcome: &str, settled: &Settled) {
        let is_lost = *settled == Settled::LeaseLost;
        self.count(&SETTLED, if is_lost { "lost" } else { outcome });
    }

    /// Counts a settlement that had no part of the store.
    pub(super) fn count_outcome(&self, outcome: &str) {
        self.count(&SETTLED, outcome);
    }

    /// Counts a message that the consumer itself puts off.
    pub(super) fn count_retry(&self, reason: &str) {
        self.count(&RETRIES, reason);
    }

    fn count(&self, figure: &'static Figure, last: &str) {
        let queue = &self.config.queue;
        let labels = [queue.partition.topic.as_str(), queue.kind.as_str(), last];
        self.runtime.figures.count(figure, &labels, 1);
    }
}
