//! Admission: what a message asks of the rate of its line, the budgets of its topic, and the texts before it.

use std::sync::PoisonError;
use std::time::Duration;

use super::Dispatcher;
use super::delivery::Delivery;
use crate::contracts::storage::{Admission, Admitted, Bucket, Budget, Repeat, StorageError};
use crate::contracts::transport::DynTransport;
use crate::engine::events::EventSource;
use crate::engine::gate::{Pass, REFRESH_INTERVAL};
use crate::engine::notices::REPEATS_WINDOW;
use crate::engine::settlement::Settlement;
use crate::model::event::EventKind;
use crate::model::message::submission::Priority;
use crate::model::topic::LineRate;

/// Longest time after which a message looks for a budget again, which an operator may have raised.
const BUDGET_CHECK: Duration = Duration::from_mins(1);
/// Note of a message that waits for a budget.
pub(super) const BUDGET: &str = "budget";
/// Share of a second for which a fast line may be ahead of its rate.
const BURST: Duration = Duration::from_millis(100);

/// Result of an admission.
pub(super) enum Entry {
    /// The message may be sent, and has been counted on this day.
    Open { pass: Pass, admission: Admission, day: u64 },
    /// Not to be sent now, or not at all.
    Closed(Settlement),
}

impl Dispatcher {
    /// Asks whether a message may be sent now.
    pub(super) async fn admit(
        &self,
        delivery: &Delivery<'_>,
        transport: &dyn DynTransport,
        pass: Pass,
    ) -> Result<Entry, StorageError> {
        let admission = self.admission(delivery, transport);
        let admits_all = Admission { cost: admission.cost, ..Admission::default() };
        if admission == admits_all {
            return Ok(Entry::Open { pass, admission, day: 0 });
        }
        Ok(Entry::Closed(match self.rates.admit(&self.topic, &admission).await? {
            Admitted::Yes { next, day } => {
                self.gate.pace(&delivery.line, next);
                self.forget_stops(&admission.budgets);
                return Ok(Entry::Open { pass, admission, day });
            }
            Admitted::Later(wait) => {
                self.gate.pace(&delivery.lane(), wait);
                Settlement::Release
            }
            Admitted::Repeated => delivery.reject("the same text was sent too often"),
            Admitted::Spent { budget, ends_in } => {
                self.spent(delivery, pass, &admission.budgets[budget], ends_in)
            }
        }))
    }

    /// Takes back what a message that was not sent has cost.
    pub(super) async fn refund(&self, admission: &Admission, day: u64) {
        if admission.budgets.is_empty() {
            return;
        }
        let refund = self.rates.refund(&self.topic, &admission.budgets, admission.cost, day);
        if let Err(error) = refund.await {
            tracing::warn!(topic.name = %self.topic, %error, "unsent segments stay in the budget");
        }
    }

    fn admission(&self, delivery: &Delivery<'_>, transport: &dyn DynTransport) -> Admission {
        let outbound = &delivery.outbound;
        if outbound.to.is_socket() || EventSource::is_event(outbound) {
            return Admission::default();
        }
        let budgets = self.sending.budgets.of(outbound.to.identity.reveal());
        let budgets = budgets.into_iter().map(|(scope, segments)| Budget { scope, segments });
        Admission {
            cost: delivery.segments.max(1),
            bucket: self.bucket(delivery, transport),
            budgets: budgets.collect(),
            repeat: self.repeat(delivery),
        }
    }

    fn bucket(&self, delivery: &Delivery<'_>, transport: &dyn DynTransport) -> Option<Bucket> {
        let outbound = &delivery.outbound;
        let interval = match self.sending.rate {
            LineRate::Unlimited => return None,
            LineRate::Every(interval) => interval,
            LineRate::Auto => {
                let rate = transport.rate(outbound.to.line.reveal())?.max(1);
                Duration::from_secs(1) / rate
            }
        };
        let capacity = interval.max(BURST);
        // Replies go first: bulk messages leave half of the bucket to them, or of a small one so much that
        // a reply that waits comes before the next bulk message.
        let reserve = match outbound.priority {
            Priority::Normal => Duration::ZERO,
            Priority::Bulk if capacity >= 2 * interval => capacity / 2,
            Priority::Bulk => interval / 4,
        };
        let key = delivery.line.as_str().to_owned();
        Some(Bucket { key, interval, capacity, reserve })
    }

    fn repeat(&self, delivery: &Delivery<'_>) -> Option<Repeat> {
        let outbound = &delivery.outbound;
        if self.sending.repeats == 0 {
            return None;
        }
        let media = outbound.media.iter().map(|media| media.url.as_str());
        let said: Vec<&str> = [outbound.text.reveal()].into_iter().chain(media).collect();
        Some(Repeat {
            key: delivery.claim.group.as_str().to_owned(),
            value: hex::encode(self.groups.fingerprint("repeat", &said)),
            id: outbound.id.as_str().to_owned(),
            limit: self.sending.repeats,
            window: REPEATS_WINDOW,
        })
    }

    /// Forgets that budgets were found spent, because there is something left: the next stop is news.
    fn forget_stops(&self, budgets: &[Budget]) {
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        stops.retain(|scope, _| budgets.iter().all(|budget| budget.scope != *scope));
    }

    /// Returns whether a budget is found spent for the first time on its day, or since more was added, by
    /// this process.
    fn is_first_stop(&self, scope: &str, ends_in: Duration) -> bool {
        let now = self.clock.uptime();
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = stops.get(scope).is_none_or(|until| *until <= now);
        stops.insert(scope.to_owned(), now + ends_in);
        is_first
    }

    /// Settles a message for which a budget has nothing left. That of the topic pauses the transport; that
    /// of a country keeps the messages to it. Both are tried every minute, until the day ends or an operator
    /// adds to the budget.
    fn spent(
        &self,
        delivery: &Delivery<'_>,
        pass: Pass,
        budget: &Budget,
        ends_in: Duration,
    ) -> Settlement {
        let Budget { scope, segments } = budget;
        let topic = &self.topic;
        let country = if scope.is_empty() { String::new() } else { format!(" --country {scope}") };
        let reason = format!(
            "the budget of {segments} segments for today is spent; `crosswire budget resume --topic \
             {topic}{country}` goes on",
        );
        if self.is_first_stop(scope, ends_in) {
            tracing::error!(topic.name = %topic, scope, reason, "sending stopped by the budget");
        }
        let is_known = delivery.claim.note.as_deref() == Some(BUDGET);
        let mut after = ends_in.min(BUDGET_CHECK);
        if scope.is_empty() {
            pass.close_transport(after, 0, &reason);
            after = REFRESH_INTERVAL;
        }
        self.count_retry(BUDGET);
        delivery.hold(after, BUDGET, (!is_known).then_some((EventKind::Held, reason.as_str())))
    }
}
