//! Consent: nothing is sent to a person who has opted out, whichever part of the server asked for it.

use super::Dispatcher;
use super::delivery::Delivery;
use crate::contracts::storage::{Partition, StorageError};
use crate::contracts::transport::DynTransport;
use crate::engine::events::EventSource;
use crate::model::address::Address;
use crate::model::consent::opt_out_key;

impl Dispatcher {
    /// Returns whether the recipient has opted out of this message: from its line, or from every line where
    /// the provider has one opt-out for all. The opt-out from its line comes with the claim, unless the
    /// message is in another partition or another group than that of the recipient.
    pub(super) async fn has_opted_out(
        &self,
        delivery: &Delivery<'_>,
        transport: &dyn DynTransport,
    ) -> Result<bool, StorageError> {
        let (claim, outbound) = (delivery.claim, &delivery.outbound);
        if outbound.is_consent || outbound.to.is_socket() || EventSource::is_event(outbound) {
            return Ok(false);
        }
        let home = self.home(&outbound.to);
        let is_shared = transport.shares_opt_outs();
        let scope = if is_shared { outbound.to.without_line() } else { outbound.to.clone() };
        let key = opt_out_key(&self.groups, &scope);
        if claim.group == key && claim.queue.partition == home {
            return Ok(claim.state.is_some());
        }
        let keys = [key.as_str().to_owned()];
        Ok(self.state.values(&home, &keys).await?.iter().any(Option::is_some))
    }

    /// Returns the partition that holds what is known of a person.
    pub(super) fn home(&self, to: &Address) -> Partition {
        let number = self.groups.partition(to, self.partitions);
        Partition { topic: self.topic.clone(), number }
    }
}
