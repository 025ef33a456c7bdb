//! Consent: nothing is sent to a person who has opted out, whichever part of the server asked for it.

use super::Dispatcher;
use super::delivery::Delivery;
use crate::contracts::storage::{Partition, StorageError};
use crate::contracts::transport::DynTransport;
use crate::engine::events::EventSource;
use crate::model::consent::opt_out_key;

impl Dispatcher {
    /// Returns whether the recipient has opted out of this message. The opt-out from its line comes with
    /// the claim, unless the message is in another partition or another group than that of the recipient.
    pub(super) async fn has_opted_out(
        &self,
        delivery: &Delivery<'_>,
        transport: &dyn DynTransport,
    ) -> Result<bool, StorageError> {
        let (claim, outbound) = (delivery.claim, &delivery.outbound);
        if outbound.is_consent || outbound.to.is_socket() || EventSource::is_event(outbound) {
            return Ok(false);
        }
        let number = self.groups.partition(&outbound.to, self.partitions);
        let home = Partition { topic: self.topic.clone(), number };
        let own = opt_out_key(&self.groups, &outbound.to);
        let came_along = claim.group == own && claim.queue.partition == home;
        if came_along && claim.state.is_some() {
            return Ok(true);
        }
        let shared = transport
            .shares_opt_outs()
            .then(|| opt_out_key(&self.groups, &outbound.to.without_line()));
        let keys: Vec<String> = (!came_along)
            .then_some(own)
            .into_iter()
            .chain(shared)
            .map(|key| key.as_str().to_owned())
            .collect();
        if keys.is_empty() {
            return Ok(false);
        }
        Ok(self.state.values(&home, &keys).await?.iter().any(Option::is_some))
    }
}
