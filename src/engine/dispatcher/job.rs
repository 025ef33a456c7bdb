//! An owed message in hand, and what is recorded of it.

use std::sync::Arc;

use super::provider::Provider;
use crate::contracts::storage::Claim;
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::{MessageId, Outbound};

/// A message about to be sent, and the claim on it.
pub(super) struct Job {
    pub(super) claim: Claim,
    pub(super) outbound: Outbound,
    pub(super) provider: Arc<Provider>,
    /// Entries that the partition's record keeps at most.
    pub(super) max_records: u64,
}

impl Job {
    /// The inbound message whose record waits for several outbound ones, this one among them.
    pub(super) fn debt(&self) -> Option<MessageId> {
        self.outbound.cause.as_ref().filter(|cause| !cause.only).map(|cause| cause.id.clone())
    }

    /// What is recorded of the inbound message that this is owed for, or of this one when it is owed
    /// for none.
    pub(super) fn facts(&self, kind: EventKind, detail: Detail) -> Facts {
        Facts::new(self.subject(), &[kind], detail, self.max_records)
    }

    /// The same when this is the end of it: what settles the only debt of a message completes its
    /// record.
    pub(super) fn last_facts(&self, kind: EventKind, detail: Detail) -> Facts {
        if self.outbound.cause.as_ref().is_some_and(|cause| cause.only) {
            Facts::new(self.subject(), &[kind, EventKind::Recorded], detail, self.max_records)
        } else {
            self.facts(kind, detail)
        }
    }

    fn subject(&self) -> MessageId {
        self.outbound.cause.as_ref().map_or(&self.outbound.id, |cause| &cause.id).clone()
    }

    pub(super) fn detail(&self) -> Detail {
        Detail {
            address: Some(self.outbound.to.clone()),
            outbound: Some(self.outbound.id.clone()),
            ..Detail::default()
        }
    }

    pub(super) fn because(&self, reason: &str) -> Detail {
        Detail { reason: Some(reason.to_owned()), ..self.detail() }
    }

    /// How often the provider's list has been looked at in vain.
    pub(super) fn looks(&self) -> u32 {
        self.claim.note.as_deref().and_then(|note| note.parse().ok()).unwrap_or(0)
    }
}
