//! Recorder: the figures of this process, and the messages that it has in hand.

use std::sync::Arc;

use crate::contracts::figures::catalogue::{IN_HAND, MEMORY_BYTES};
use crate::contracts::figures::{Figures, Series};
use crate::contracts::storage::QueueKind;
use crate::engine::leases::Leases;
use crate::model::topic::TopicName;

/// Record that a process keeps of itself while it runs. Clones share it.
#[derive(Clone)]
pub struct Recorder {
    pub figures: Arc<Figures>,
    pub leases: Arc<Leases>,
}

impl Recorder {
    /// Begins the record of a process that holds its claims under these leases.
    pub fn new(leases: Arc<Leases>) -> Self {
        Self { figures: Arc::default(), leases }
    }

    /// Returns all series, after the levels that are read on demand: messages in hand, and memory.
    pub fn series(&self, topics: &[TopicName]) -> Vec<Series> {
        for topic in topics {
            for kind in QueueKind::ALL {
                let count = u32::try_from(self.leases.count(topic, kind)).unwrap_or(u32::MAX);
                self.figures.set(&IN_HAND, &[topic.as_str(), kind.as_str()], f64::from(count));
            }
        }
        if let Some(bytes) = resident_memory() {
            self.figures.set(&MEMORY_BYTES, &[], bytes);
        }
        self.figures.snapshot()
    }
}

/// Returns the resident memory of this process in bytes, on systems that have `/proc`.
fn resident_memory() -> Option<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u32 = statm.split(' ').nth(1)?.parse().ok()?;
    let page_size = u32::try_from(rustix::param::page_size()).ok()?;
    Some(f64::from(pages) * f64::from(page_size))
}
