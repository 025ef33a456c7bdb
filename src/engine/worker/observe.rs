//! Figures of a worker: how long a message has waited, and how long its handler takes.

use super::{Outcome, Worker};
use crate::contracts::figures::catalogue::{HANDLER_SECONDS, QUEUE_SECONDS, RETRIES};
use crate::contracts::storage::Claim;
use crate::engine::leases::LeaseGuard;
use crate::model::message::Mail;

const QUEUE: &str = "inbound";

impl Worker {
    /// Runs the handler once, and observes its time.
    pub(super) async fn invoke_timed(
        &self,
        claim: &Claim,
        mail: &Mail,
        lease: &LeaseGuard,
    ) -> Outcome {
        let begun = self.parts.clock.uptime();
        let outcome = self.invoke(claim, mail, lease).await;
        let time = self.parts.clock.uptime().saturating_sub(begun);
        self.parts.figures.observe(&HANDLER_SECONDS, &[self.parts.topic.as_str()], time);
        outcome
    }

    /// Observes the time that a message has waited for the first work on it.
    pub(super) fn observe_wait(&self, claim: &Claim, mail: &Mail) {
        let is_first = claim.attempt == 1 && claim.failures == 0 && claim.note.is_none();
        if let Mail::Message(message) = mail
            && is_first
            && !message.is_missed
        {
            let waited = self.parts.clock.now() - message.received_at;
            let labels = [self.parts.topic.as_str(), QUEUE];
            let waited = waited.to_std().unwrap_or_default();
            self.parts.figures.observe(&QUEUE_SECONDS, &labels, waited);
        }
    }

    /// Counts a message that is handled again later.
    pub(super) fn count_retry(&self, reason: &str) {
        self.parts.figures.count(&RETRIES, &[self.parts.topic.as_str(), QUEUE, reason], 1);
    }
}
