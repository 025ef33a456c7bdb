//! Reconciliation: a message that an earlier claim may have sent is looked for in the provider's list.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Dispatcher;
use super::delivery::Delivery;
use crate::contracts::storage::StorageError;
use crate::contracts::transport::{DynTransport, SentReceipt};
use crate::engine::settlement::Settlement;
use crate::model::event::EventKind;

/// Reads of the provider's list without a trace of the message, after which it was never sent.
const LOOKS: u32 = 2;

impl Dispatcher {
    pub(super) async fn reconcile(
        &self,
        delivery: &Delivery<'_>,
        transport: &dyn DynTransport,
        since: DateTime<Utc>,
    ) -> Result<Settlement, StorageError> {
        let listed = match transport.find(&delivery.outbound, since).await {
            Ok(Some(listed)) => listed,
            Ok(None) => {
                let reason = "the message may have been sent, and the provider has no list to tell";
                return Ok(self.bury(delivery, EventKind::Unknown, reason.to_owned()));
            }
            Err(error) => {
                let topic = &self.topic;
                tracing::warn!(topic.name = %topic, %error, "provider's message list is unavailable");
                return Ok(delivery.look_later(self.sending.settle, delivery.looks(), None));
            }
        };
        if let Some(sent) = self.newest_unknown(delivery, listed).await? {
            return Ok(delivery.sent(sent, true));
        }
        Ok(self.not_listed(delivery))
    }

    fn not_listed(&self, delivery: &Delivery<'_>) -> Settlement {
        let looks = delivery.looks() + 1;
        if looks < LOOKS {
            delivery.look_later(self.sending.settle, looks, None)
        } else if self.may_fail_again(delivery) {
            // Sent by the next claim and not here: a crash in the middle of that send must find the
            // message marked as being sent.
            delivery.retry(Duration::ZERO, true, None)
        } else {
            let reason = "the outcome of sending stayed unknown too many times".to_owned();
            self.bury(delivery, EventKind::Unknown, reason)
        }
    }

    /// Returns the newest listed message that is not known as another message of ours.
    async fn newest_unknown(
        &self,
        delivery: &Delivery<'_>,
        listed: Vec<SentReceipt>,
    ) -> Result<Option<SentReceipt>, StorageError> {
        let ids: Vec<String> = listed.iter().map(|sent| sent.provider_id.clone()).collect();
        let partition = &delivery.claim.queue.partition;
        let known = self.records.known_sent(partition, &ids).await?;
        Ok(listed.into_iter().zip(known).find(|(_, known)| !known).map(|(sent, _)| sent))
    }
}
