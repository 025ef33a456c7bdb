//! Reconciliation: a message that an earlier claim may have sent is settled by the first delivery report
//! of it, or looked for in the provider's list when none came.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Dispatcher;
use super::delivery::{Delivery, Looks};
use crate::contracts::storage::{Partition, StorageError};
use crate::contracts::transport::{DynTransport, SentReceipt};
use crate::engine::settlement::Settlement;
use crate::model::clock::MAX_SKEW;

/// Reads of the provider's list without a trace of the message, after which it was never sent.
const LOOKS: u32 = 2;

/// Time after which the first report of a message is looked for. Each further look comes when as much
/// time again has passed as since the send.
const FIRST_LOOK: Duration = Duration::from_millis(500);

impl Dispatcher {
    pub(super) async fn reconcile(
        &self,
        delivery: &Delivery<'_>,
        transport: &dyn DynTransport,
        since: DateTime<Utc>,
    ) -> Result<Settlement, StorageError> {
        if let Some(sent) = self.reported(delivery).await? {
            return Ok(self.sent(delivery, sent, true));
        }
        if let Some((wait, waited)) = self.wait_for_report(delivery, since) {
            return Ok(delivery.look_later(wait, Looks::Waited(waited + wait), None));
        }
        // The time is the store's, and the list has the provider's.
        let listed = match transport.find(&delivery.outbound, since - MAX_SKEW).await {
            Ok(Some(listed)) => listed,
            Ok(None) => {
                let reason = "the message may have been sent, and the provider has no list to tell";
                return Ok(delivery.give_up(reason));
            }
            Err(error) => {
                let topic = &self.topic;
                tracing::warn!(topic.name = %topic, %error, "provider's message list is unavailable");
                return Ok(delivery.look_later(self.sending.settle, delivery.looks(), None));
            }
        };
        if let Some(sent) = self.newest_unknown(listed).await? {
            return Ok(self.sent(delivery, sent, true));
        }
        Ok(self.not_listed(delivery))
    }

    /// Returns the receipt of a message that a delivery report has named.
    pub(super) async fn reported(
        &self,
        delivery: &Delivery<'_>,
    ) -> Result<Option<SentReceipt>, StorageError> {
        let partition = &delivery.claim.queue.partition;
        let id = self.records.provider_id(partition, &delivery.outbound.id).await?;
        Ok(id.map(SentReceipt::new))
    }

    /// Returns the time until the first look for a report.
    pub(super) fn first_look(&self) -> Duration {
        FIRST_LOOK.min(self.sending.settle)
    }

    /// Returns the time until the next look for a report, and that of all waits before it; none when the
    /// provider's list is to be asked. The waits are added up, since the store's clock, by which the first one
    /// began, need not agree with ours.
    fn wait_for_report(
        &self,
        delivery: &Delivery<'_>,
        since: DateTime<Utc>,
    ) -> Option<(Duration, Duration)> {
        let waited = match delivery.looks() {
            Looks::Listed(_) => return None,
            Looks::Waited(waited) => waited,
            Looks::None => (delivery.now - since).to_std().unwrap_or_default(),
        };
        let left = self.sending.settle.checked_sub(waited).filter(|left| !left.is_zero())?;
        Some((waited.max(FIRST_LOOK).min(left), waited))
    }

    fn not_listed(&self, delivery: &Delivery<'_>) -> Settlement {
        let looks = match delivery.looks() {
            Looks::Listed(looks) => looks + 1,
            _ => 1,
        };
        if looks < LOOKS {
            delivery.look_later(self.sending.settle, Looks::Listed(looks), None)
        } else if self.may_fail_again(delivery) {
            // Sent by the next claim and not here: a crash in the middle of that send must find the
            // message marked as being sent.
            delivery.retry(Duration::ZERO, true, None)
        } else {
            delivery.give_up("the outcome of sending stayed unknown too many times")
        }
    }

    /// Returns the newest listed message that is not known as another message of ours. Those to one recipient
    /// may have left from any partition.
    async fn newest_unknown(
        &self,
        listed: Vec<SentReceipt>,
    ) -> Result<Option<SentReceipt>, StorageError> {
        let ids: Vec<String> = listed.iter().map(|sent| sent.provider_id.clone()).collect();
        let mut is_known = vec![false; ids.len()];
        for number in 0..self.partitions {
            let partition = Partition { topic: self.topic.clone(), number };
            let known = self.records.known_sent(&partition, &ids).await?;
            is_known.iter_mut().zip(known).for_each(|(it, known)| *it |= known);
        }
        Ok(listed.into_iter().zip(is_known).find(|(_, known)| !known).map(|(sent, _)| sent))
    }
}
