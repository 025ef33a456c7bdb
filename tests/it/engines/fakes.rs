//! Fakes for engines without a store and without a provider.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::storage::{
    Admission, Admitted, Budget, Claim, Partition, Queue, QueueKind, Rates, Records, Spending,
    StateReads, StorageError, Token,
};
use crosswire::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
};
use crosswire::engine::leases::{LeaseGuard, Leases};
use crosswire::model::address::{Address, Group};
use crosswire::model::clock::ManualClock;
use crosswire::model::event::{Event, Facts};
use crosswire::model::message::{MessageId, Outbound};
use crosswire::model::state::Member;
use crosswire::model::topic::{OnAmbiguous, Sending, TopicName};

use super::groups;
use crate::storage::fixture::LONG;

pub(super) fn topic_name() -> TopicName {
    "chat".parse().unwrap()
}

/// First claim of a message.
pub(super) fn claim(kind: QueueKind, payload: String) -> Claim {
    let partition = Partition { topic: topic_name(), number: 0 };
    Claim {
        queue: Queue { partition, kind },
        group: Group::from_id("0123456789abcdef.alice"),
        token: Token::random(),
        sequence: 1,
        id: MessageId::new("m1"),
        payload,
        attempt: 1,
        isolated: 0,
        failures: 0,
        outcome_unknown_since: None,
        note: None,
        state: None,
    }
}

/// Claim of an outbound message to an address.
pub(super) fn outbound_claim(to: Address) -> Claim {
    let group = groups().group(&to).on_line(&groups().line(&to));
    let outbound = Outbound::new(to, "hello".into(), Vec::new(), None);
    Claim { group, ..claim(QueueKind::Outbox, serde_json::to_string(&outbound).unwrap()) }
}

pub(super) fn lease(claim: &Claim) -> LeaseGuard {
    Leases::new(clock()).hold(claim, LONG, Duration::ZERO)
}

pub(super) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(DateTime::UNIX_EPOCH))
}

pub(super) fn sending(on_ambiguous: OnAmbiguous) -> Sending {
    Sending {
        concurrency: 1,
        lease: LONG,
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        max_attempts: 3,
        on_ambiguous,
        settle: Duration::from_secs(30),
        ..Sending::default()
    }
}

pub(super) type AskedSince = Arc<Mutex<Option<DateTime<Utc>>>>;

/// Transport that gives these outcomes in turn, and then takes every message.
#[derive(Default)]
pub(super) struct FakeTransport {
    pub(super) outcomes: Mutex<VecDeque<SendError>>,
    /// Lines that the provider rejects for as long as they are in here.
    pub(super) rejected: Mutex<Vec<String>>,
    /// Recipients that cannot be reached, with the error that each message to them gets.
    pub(super) unreachable: Mutex<BTreeMap<String, SendError>>,
    pub(super) sent: Mutex<Vec<Outbound>>,
    pub(super) attempts: Mutex<Vec<Outbound>>,
    /// Messages in the provider's list; absent when it has none.
    pub(super) listed: Option<Vec<SentReceipt>>,
    /// Time since which its list was last asked for.
    pub(super) asked_since: AskedSince,
    pub(super) shares_opt_outs: bool,
    pub(super) max_length: Option<usize>,
    pub(super) segments: u32,
    pub(super) rate: Option<u32>,
    pub(super) clock_ahead: Option<TimeDelta>,
}

impl FakeTransport {
    pub(super) fn failing(outcomes: impl IntoIterator<Item = SendError>) -> Self {
        Self { outcomes: Mutex::new(outcomes.into_iter().collect()), ..Self::default() }
    }

    pub(super) fn listing(listed: Vec<SentReceipt>) -> Self {
        Self { listed: Some(listed), ..Self::default() }
    }

    /// Returns also the time since which the list was last asked for.
    pub(super) fn listing_to(listed: Vec<SentReceipt>) -> (Self, AskedSince) {
        let transport = Self::listing(listed);
        let asked = Arc::clone(&transport.asked_since);
        (transport, asked)
    }

    /// Messages that were taken, in their order.
    pub(super) fn sent(&self) -> Vec<Outbound> {
        self.sent.lock().unwrap().clone()
    }

    /// Number of messages taken from a line.
    pub(super) fn sent_from(&self, line: &str) -> usize {
        count(&self.sent, line)
    }

    /// Number of messages tried from a line.
    pub(super) fn tried_from(&self, line: &str) -> usize {
        count(&self.attempts, line)
    }
}

fn count(messages: &Mutex<Vec<Outbound>>, line: &str) -> usize {
    messages.lock().unwrap().iter().filter(|message| message.to.line.reveal() == line).count()
}

impl Transport for FakeTransport {
    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Ok(Received::Nothing)
    }

    fn shares_opt_outs(&self) -> bool {
        self.shares_opt_outs
    }

    fn max_length(&self) -> Option<usize> {
        self.max_length
    }

    fn segments(&self, _: &Outbound) -> u32 {
        self.segments
    }

    fn rate(&self, _: &str) -> Option<u32> {
        self.rate
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        self.attempts.lock().unwrap().push(message.clone());
        if self.rejected.lock().unwrap().iter().any(|line| line == message.to.line.reveal()) {
            return Err(SendError::Line { code: 21606, reason: "not yours".to_owned() });
        }
        if let Some(error) = self.unreachable.lock().unwrap().get(message.to.identity.reveal()) {
            return Err(error.clone());
        }
        if let Some(error) = self.outcomes.lock().unwrap().pop_front() {
            return Err(error);
        }
        self.sent.lock().unwrap().push(message.clone());
        Ok(SentReceipt::new(format!("P{}", message.id)))
    }

    fn clock_ahead(&self) -> Option<TimeDelta> {
        self.clock_ahead
    }

    async fn find(
        &self,
        _: &Outbound,
        since: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError> {
        *self.asked_since.lock().unwrap() = Some(since);
        Ok(self.listed.clone())
    }
}

/// Store of which nothing is known, or which is away.
#[derive(Default)]
pub(super) struct NoStore {
    pub(super) known_sent: Vec<String>,
    /// Partition in which they are known.
    pub(super) known_in: u16,
    /// Provider's id that a report named for every message.
    pub(super) reported: Option<String>,
    pub(super) is_away: bool,
}

impl NoStore {
    fn answer<T>(&self, answer: T) -> Result<T, StorageError> {
        if self.is_away { Err(StorageError::Unavailable("away".to_owned())) } else { Ok(answer) }
    }
}

#[async_trait]
impl StateReads for NoStore {
    async fn values(
        &self,
        _: &Partition,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StorageError> {
        self.answer(vec![None; keys.len()])
    }

    async fn members(&self, _: &Partition, _: &str, _: usize) -> Result<Vec<Member>, StorageError> {
        self.answer(Vec::new())
    }

    async fn size(&self, _: &Partition, _: &str) -> Result<u64, StorageError> {
        self.answer(0)
    }

    async fn total(&self, _: &Partition, _: &str) -> Result<i64, StorageError> {
        self.answer(0)
    }
}

#[async_trait]
impl Records for NoStore {
    async fn record(&self, _: &Partition, _: Facts) -> Result<(), StorageError> {
        self.answer(())
    }

    async fn provider_id(
        &self,
        _: &Partition,
        _: &MessageId,
    ) -> Result<Option<String>, StorageError> {
        self.answer(self.reported.clone())
    }

    async fn events(
        &self,
        _: &Partition,
        _: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError> {
        self.answer(Vec::new())
    }

    async fn known_sent(
        &self,
        partition: &Partition,
        ids: &[String],
    ) -> Result<Vec<bool>, StorageError> {
        let is_here = partition.number == self.known_in;
        self.answer(ids.iter().map(|id| is_here && self.known_sent.contains(id)).collect())
    }
}

#[async_trait]
impl Rates for NoStore {
    async fn admit(&self, _: &TopicName, _: &Admission) -> Result<Admitted, StorageError> {
        self.answer(Admitted::Yes { next: Duration::ZERO, day: 0 })
    }

    async fn refund(
        &self,
        _: &TopicName,
        _: &[Budget],
        _: u32,
        _: u64,
    ) -> Result<(), StorageError> {
        self.answer(())
    }

    async fn spending(&self, _: &TopicName, _: &str) -> Result<Spending, StorageError> {
        self.answer(Spending::default())
    }

    async fn raise(&self, _: &TopicName, _: &str, _: u64) -> Result<(), StorageError> {
        self.answer(())
    }
}
