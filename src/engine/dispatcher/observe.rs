//! Figures of a dispatcher: sends by outcome, their durations, and the way of a message from end to end.

use super::Dispatcher;
use super::delivery::Delivery;
use crate::contracts::figures::catalogue::{
    END_TO_END_SECONDS, LAST_SENT, QUEUE_SECONDS, RETRIES, SEGMENTS, SEND_SECONDS, SENDS,
};
use crate::contracts::transport::{DynTransport, SendError, SentReceipt};
use crate::engine::settlement::Settlement;

const QUEUE: &str = "outbox";

/// Outcome of a send that may have reached the provider, or not.
pub(super) const UNKNOWN: &str = "unknown";

impl Dispatcher {
    /// Sends a message, and observes its time and outcome.
    pub(super) async fn send_timed(
        &self,
        delivery: &Delivery<'_>,
        transport: &dyn DynTransport,
    ) -> Result<SentReceipt, SendError> {
        self.observe_wait(delivery);
        let begun = self.clock.uptime();
        let sent = transport.send(&delivery.outbound).await;
        let time = self.clock.uptime().saturating_sub(begun);
        let [topic, name] = self.labels(delivery);
        self.figures.observe(&SEND_SECONDS, &[topic, name], time);
        let outcome = sent.as_ref().map_or_else(outcome, |_| "sent");
        self.figures.count(&SENDS, &[topic, name, outcome], 1);
        sent
    }

    /// Settles a message that the provider has taken, and counts its cost and its whole way.
    pub(super) fn sent(
        &self,
        delivery: &Delivery<'_>,
        sent: SentReceipt,
        is_reconciled: bool,
    ) -> Settlement {
        let labels = self.labels(delivery);
        self.figures.count(&SEGMENTS, &labels, delivery.segments.into());
        #[expect(clippy::cast_precision_loss, reason = "a time in seconds stays far below 2^52")]
        self.figures.set(&LAST_SENT, &labels, self.clock.now().timestamp() as f64);
        if let Some(called_at) = delivery.outbound.called_at {
            let time = (self.clock.now() - called_at).to_std().unwrap_or_default();
            self.figures.observe(&END_TO_END_SECONDS, &labels[..1], time);
        }
        delivery.sent(sent, is_reconciled)
    }

    /// Counts a settlement that puts its message off.
    pub(super) fn counted(&self, settlement: Settlement, reason: &str) -> Settlement {
        if matches!(settlement, Settlement::Retry(_)) {
            self.count_retry(reason);
        }
        settlement
    }

    /// Counts a message that is sent later.
    pub(super) fn count_retry(&self, reason: &str) {
        self.figures.count(&RETRIES, &[self.topic.as_str(), QUEUE, reason], 1);
    }

    /// Observes the time that a message has waited for the first attempt to send it.
    fn observe_wait(&self, delivery: &Delivery<'_>) {
        let claim = delivery.claim;
        let is_first = claim.failures == 0 && claim.outcome_unknown_since.is_none();
        if let Some(created_at) = delivery.outbound.id.created_at()
            && is_first
        {
            let waited = (self.clock.now() - created_at).to_std().unwrap_or_default();
            self.figures.observe(&QUEUE_SECONDS, &[self.topic.as_str(), QUEUE], waited);
        }
    }

    fn labels<'a>(&'a self, delivery: &'a Delivery<'_>) -> [&'a str; 2] {
        [self.topic.as_str(), delivery.outbound.to.transport.as_str()]
    }
}

/// Returns the word for the answer of a transport that has not sent a message.
pub(super) fn outcome(error: &SendError) -> &'static str {
    match error {
        SendError::Throttled { .. } | SendError::AccountThrottled { .. } => "throttled",
        SendError::NotSent(_) => "unavailable",
        SendError::Ambiguous(_) => UNKNOWN,
        SendError::Recipient { .. } => "recipient",
        SendError::Message { .. } => "message",
        SendError::Line { .. } => "line",
        SendError::Account { .. } => "account",
    }
}
