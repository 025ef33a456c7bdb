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
        // Then the opt-out is under the group of the claim itself, which need not be hashed again.
        let comes_with_the_claim = delivery.is_home && outbound.priority.is_normal();
        if comes_with_the_claim && !transport.shares_opt_outs() {
            return Ok(claim.state.is_some());
        }
        let scope = transport.consent_scope(&outbound.to);
        let keys = [opt_out_key(&self.groups, &scope).as_str().to_owned()];
        let home = self.home(&outbound.to);
        Ok(self.state.values(&home, &keys).await?.iter().any(Option::is_some))
    }

    /// Returns the partition that holds what is known of a person.
    pub(super) fn home(&self, to: &Address) -> Partition {
        Partition::of(&self.topic, to, &self.groups, self.partitions)
    }
}
