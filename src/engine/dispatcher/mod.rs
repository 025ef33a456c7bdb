//! Dispatcher: sends a topic's outbound messages, and turns each outcome into a settlement.
//!
//! A claim of an outbox marks its message as *being sent*. Until a settlement says otherwise, the
//! message may have reached the provider, and its next claim is reconciled first.

mod admission;
mod consent;
mod delivery;
mod failure;
mod observe;
mod reconcile;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use self::admission::{BUDGET, Entry};
use self::delivery::Delivery;
use crate::contracts::figures::Figures;
use crate::contracts::storage::{Burial, Claim, Queues, Rates, Records, StateReads, StorageError};
use crate::contracts::transport::callback::Reference;
use crate::contracts::transport::{DynTransport, SendError, Transports};
use crate::engine::events::EventSource;
use crate::engine::gate::Gate;
use crate::engine::leases::LeaseGuard;
use crate::engine::lines::{self, Attempt};
use crate::engine::settlement::{Settlement, Work};
use crate::engine::unreached::Unreached;
use crate::model::address::GroupKey;
use crate::model::clock::Clock;
use crate::model::message::Outbound;
use crate::model::sealed::SealKey;
use crate::model::topic::{OnAmbiguous, SEND_MARGIN, Sending, TopicName};

/// Reason for the record of a message to a person who has opted out.
const OPTED_OUT: &str = "the recipient has opted out";

/// Reason for the record of a message to a country that the topic refuses.
const REFUSED_COUNTRY: &str = "messages to this country are refused";

/// Note of a part that has waited for the one before it.
const GAP: &str = "gap";

/// Parts that a dispatcher is made of.
pub struct DispatcherParts {
    /// Provider ids of the messages that are known to be sent.
    pub records: Arc<dyn Records>,
    /// Opt-outs of recipients.
    pub state: Arc<dyn StateReads>,
    /// Mailboxes of recipients in other partitions.
    pub queues: Arc<dyn Queues>,
    pub rates: Arc<dyn Rates>,
    pub gate: Arc<Gate>,
    pub topic: TopicName,
    /// Number of partitions of the topic.
    pub partitions: u16,
    pub transports: Transports,
    pub sending: Sending,
    pub max_records: u64,
    pub events: EventSource,
    pub groups: GroupKey,
    pub clock: Arc<dyn Clock>,
    pub figures: Arc<Figures>,
}

/// Dispatcher of one topic.
pub struct Dispatcher {
    records: Arc<dyn Records>,
    state: Arc<dyn StateReads>,
    queues: Arc<dyn Queues>,
    rates: Arc<dyn Rates>,
    gate: Arc<Gate>,
    topic: TopicName,
    partitions: u16,
    /// By the transport name of an address.
    transports: BTreeMap<String, Arc<dyn DynTransport>>,
    sending: Sending,
    max_records: u64,
    events: EventSource,
    groups: GroupKey,
    /// Key of the references that providers return with their reports.
    references: SealKey,
    clock: Arc<dyn Clock>,
    figures: Arc<Figures>,
    /// Uptimes at which the day of a spent budget ends, by its scope.
    stops: Mutex<BTreeMap<String, Duration>>,
}

impl Dispatcher {
    pub fn new(parts: DispatcherParts) -> Self {
        Self {
            records: parts.records,
            state: parts.state,
            queues: parts.queues,
            rates: parts.rates,
            gate: parts.gate,
            topic: parts.topic,
            partitions: parts.partitions,
            transports: parts.transports.into_iter().collect(),
            sending: parts.sending,
            max_records: parts.max_records,
            events: parts.events,
            references: Reference::key(&parts.groups),
            groups: parts.groups,
            clock: parts.clock,
            figures: parts.figures,
            stops: Mutex::default(),
        }
    }

    /// Settles a message that is not sent, or not yet, for what it is and to whom it goes.
    async fn withhold(
        &self,
        delivery: &Delivery<'_>,
        transport: &dyn DynTransport,
    ) -> Result<Option<Settlement>, StorageError> {
        if self.has_opted_out(delivery, transport).await? {
            self.tell_home(delivery, &delivery.withheld()).await?;
            return Ok(Some(delivery.reject_opted_out(OPTED_OUT)));
        }
        if self.sending.budgets.refuse(delivery.outbound.to.identity.reveal()) {
            return Ok(Some(delivery.reject(REFUSED_COUNTRY)));
        }
        // A part must not overtake the one before it on its way to the phone.
        let has_waited = matches!(delivery.claim.note.as_deref(), Some(GAP | BUDGET));
        let is_early = delivery.outbound.continues && !has_waited;
        Ok(is_early.then(|| {
            self.count_retry(GAP);
            delivery.hold(self.sending.gap, GAP, None)
        }))
    }

    /// Tells the mailbox of a recipient whom the message does not reach, when it is in another partition
    /// than the message.
    async fn tell_home(
        &self,
        delivery: &Delivery<'_>,
        unreached: &Unreached<'_>,
    ) -> Result<(), StorageError> {
        if delivery.is_home {
            return Ok(());
        }
        let message = &delivery.outbound.id;
        let push = unreached.push(message, &self.groups, delivery.now, self.max_records);
        self.queues.push(&self.home(&delivery.outbound.to), push).await.map(drop)
    }

    async fn send(
        &self,
        delivery: &Delivery<'_>,
        transport: &dyn DynTransport,
        lease: &LeaseGuard,
    ) -> Result<Settlement, StorageError> {
        if let Some(withheld) = self.withhold(delivery, transport).await? {
            return Ok(withheld);
        }
        // A message sent under a lease that ends meanwhile may be sent by the next holder too.
        if lease.remaining() < self.sending.timeout + SEND_MARGIN {
            return Ok(Settlement::Release);
        }
        // The line was closed after the claim.
        let Some(pass) = self.gate.enter(&delivery.outbound.to, &delivery.line) else {
            return Ok(Settlement::Release);
        };
        let (pass, admission, day) = match self.admit(delivery, transport, pass).await? {
            Entry::Open { pass, admission, day } => (pass, admission, day),
            Entry::Closed(settlement) => return Ok(settlement),
        };
        match self.send_timed(delivery, transport).await {
            Ok(sent) => {
                pass.accepted();
                Ok(self.sent(delivery, sent, !transport.is_idempotent()))
            }
            Err(error) => {
                if !matches!(error, SendError::Ambiguous(_)) {
                    self.refund(&admission, day).await;
                }
                if let SendError::Recipient { code, .. } = &error {
                    self.tell_home(delivery, &delivery.unreached(*code)).await?;
                }
                let settlement = self.not_sent(delivery, self.policy(transport), pass, &error);
                Ok(self.counted(settlement, observe::outcome(&error)))
            }
        }
    }

    /// Settles a message of a transport that this process does not run: retained until one does.
    fn unreachable(&self, outbound: &Outbound) -> Settlement {
        tracing::error!(
            topic.name = %self.topic, message.id = %outbound.subject(), outbound.id = %outbound.id,
            transport = outbound.to.transport,
            "transport is not configured; its messages are retained",
        );
        self.gate.close_transport(&outbound.to.transport);
        Settlement::Release
    }
}

#[async_trait]
impl Work for Dispatcher {
    async fn work(&self, claim: &Claim, lease: &LeaseGuard) -> Result<Settlement, StorageError> {
        let attempt = Attempt::begin(claim, self.sending.max_attempts, self.clock.as_ref());
        let Ok(mut outbound) = serde_json::from_str::<Outbound>(&claim.payload) else {
            let reason = "the message is in a form that this version does not know".to_owned();
            lines::unreadable(attempt, &reason);
            return Ok(Settlement::Bury(Burial { reason, ..Burial::default() }));
        };
        let Some(transport) = self.transports.get(&outbound.to.transport) else {
            return Ok(self.unreachable(&outbound));
        };
        let transport = transport.as_ref();
        let (max_records, now) = (self.max_records, self.clock.now());
        let reference = Reference::new(&outbound, claim.queue.partition.number).sent_at(now);
        outbound.reference = Some(reference.seal(&self.references));
        let (events, groups) = (&self.events, &self.groups);
        let line = groups.line_of(&claim.group, &outbound.to);
        let segments = transport.segments(&outbound);
        let is_home = claim.queue.partition == self.home(&outbound.to);
        let delivery = Delivery {
            claim,
            attempt,
            outbound,
            segments,
            max_records,
            events,
            groups,
            now,
            line,
            is_home,
        };
        match (claim.outcome_unknown_since, self.policy(transport)) {
            (None, _) | (Some(_), OnAmbiguous::Retry) => {
                self.send(&delivery, transport, lease).await
            }
            (Some(since), OnAmbiguous::Reconcile) => {
                let settlement = self.reconcile(&delivery, transport, since).await?;
                Ok(self.counted(settlement, observe::UNKNOWN))
            }
            (Some(_), OnAmbiguous::GiveUp) => {
                if let Some(sent) = self.reported(&delivery).await? {
                    return Ok(self.sent(&delivery, sent, true));
                }
                Ok(delivery.give_up("the worker that may have sent it died"))
            }
        }
    }
}
