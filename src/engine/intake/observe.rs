//! Figures of the intake: calls by outcome, the time until they are answered, and delivery reports.

use std::time::Duration;

use super::{Intake, Outcome, Receipt, Refusal};
use crate::contracts::figures::catalogue::{CALL_SECONDS, CALLS, REPORTS};
use crate::contracts::storage::Pushed;
use crate::contracts::transport::DeliveryStatus;
use crate::engine::topic::Pipeline;

impl Intake {
    /// Observes the outcome of a call that has begun at this uptime, and its time.
    pub(super) fn observe(
        &self,
        pipeline: &Pipeline,
        begun: Duration,
        answer: &Result<Receipt, Refusal>,
    ) {
        let time = self.clock.uptime().saturating_sub(begun);
        let (topic, transport) = (pipeline.topic.as_str(), pipeline.transport_name.as_str());
        self.figures.count(&CALLS, &[topic, transport, outcome(answer)], 1);
        self.figures.observe(&CALL_SECONDS, &[topic, transport], time);
    }

    /// Counts a delivery report of one of our messages.
    pub(super) fn count_report(&self, pipeline: &Pipeline, status: DeliveryStatus) {
        let state = match status {
            DeliveryStatus::Underway => return,
            DeliveryStatus::Sent => "sent",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Failed => "failed",
        };
        let labels = [pipeline.topic.as_str(), pipeline.transport_name.as_str(), state];
        self.figures.count(&REPORTS, &labels, 1);
    }
}

/// Returns the word for the answer to a call.
fn outcome(answer: &Result<Receipt, Refusal>) -> &'static str {
    match answer {
        Ok(Receipt { outcome: Outcome::Pushed(pushed), .. }) => match pushed {
            Pushed::Accepted => "accepted",
            Pushed::Duplicate => "duplicate",
            Pushed::Full | Pushed::GroupFull | Pushed::Barred | Pushed::Limited => "dropped",
        },
        Ok(Receipt { outcome: Outcome::Rejected(_), .. }) => "rejected",
        Ok(Receipt { outcome: Outcome::Noted, .. }) => "noted",
        Err(Refusal::Call(_) | Refusal::UnknownTopic) => "refused",
        Err(Refusal::Unavailable | Refusal::Failed) => "failed",
    }
}
