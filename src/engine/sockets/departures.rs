//! Departures: closed connections that the store has not been told of yet.

use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::Notify;

use crate::engine::intake::{Intake, Refusal};
use crate::model::connection::ConnectionChange;

/// Closed connections, oldest first. A server opens no socket while there are as many as it may hold
/// sockets, so their number is bounded by twice that.
#[derive(Default)]
pub(super) struct Departures {
    waiting: Mutex<Vec<ConnectionChange>>,
    added: Notify,
}

impl Departures {
    pub(super) fn push(&self, closed: ConnectionChange) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(closed);
        self.added.notify_one();
    }

    /// Returns the number of connections that wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns when a connection was closed.
    pub(super) async fn added(&self) {
        self.added.notified().await;
    }

    /// Stores all closed connections.
    ///
    /// # Errors
    /// The store is away; connections that it does not have wait for the next step.
    pub(super) async fn step(&self, intake: &Intake, route: &str) -> Result<(), Refusal> {
        let mut waiting = self.take().into_iter();
        while let Some(closed) = waiting.next() {
            if let Err(refusal) = intake.connection(route, closed.clone()).await {
                let mut kept = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                kept.splice(0..0, std::iter::once(closed).chain(waiting));
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn take(&self) -> Vec<ConnectionChange> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
