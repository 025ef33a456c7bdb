//! Figures of a store: how many round trips there are, and how long they take.

use std::sync::Arc;
use std::time::Instant;

use super::Figures;
use super::catalogue::{STORE_CALLS, STORE_SECONDS};

/// Recorder of the round trips of a store. Records nothing by default.
#[derive(Clone, Debug, Default)]
pub struct StoreCalls(Option<Arc<Figures>>);

impl StoreCalls {
    /// Makes one that records into these figures.
    pub fn into_figures(figures: Arc<Figures>) -> Self {
        Self(Some(figures))
    }

    /// Runs a round trip, and records its time and its outcome. One that is cancelled is not recorded.
    pub async fn measure<T, E>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let Some(figures) = &self.0 else { return call.await };
        let started = Instant::now();
        let outcome = call.await;
        figures.observe(&STORE_SECONDS, &[], started.elapsed());
        figures.count(&STORE_CALLS, &[if outcome.is_ok() { "ok" } else { "error" }], 1);
        outcome
    }
}
