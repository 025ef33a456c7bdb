//! Lines of the deployment: a message from one of them to another is an answer to an answer.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use crate::engine::topic::Pipeline;
use crate::model::address::{Address, Identity};

/// Maximum number of lines that are remembered.
const MAX_LINES: usize = 10_000;

/// Lines that the transports of a deployment send from: those that are configured, and those that a
/// provider has called for.
#[derive(Default)]
pub(super) struct OwnLines(RwLock<HashSet<Identity>>);

impl OwnLines {
    /// Returns the lines that transports are configured with.
    pub(super) fn of(pipelines: &[Pipeline]) -> Self {
        let lines = pipelines.iter().filter_map(|pipeline| pipeline.transport.line());
        Self(RwLock::new(lines.map(Identity::new).collect()))
    }

    /// Remembers the line that a genuine call of a provider is for.
    pub(super) fn learn(&self, sender: &Address) {
        let line = &sender.line;
        if sender.is_socket() || line.reveal().is_empty() || self.contains(line) {
            return;
        }
        let mut lines = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MAX_LINES {
            lines.insert(line.clone());
        }
    }

    /// Returns whether a message comes from one of the lines.
    pub(super) fn is_sender(&self, sender: &Address) -> bool {
        !sender.is_socket() && self.contains(&sender.identity)
    }

    fn contains(&self, line: &Identity) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(line)
    }
}
