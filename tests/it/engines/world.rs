//! A topic on a store in memory with a clock of its own, and consumers of its outbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crosswire::contracts::storage::{Commit, Depth, Entry};
use crosswire::contracts::transport::Transports;
use crosswire::engine::consumer::{Consumer, ConsumerConfig, ConsumerRuntime, Step};
use crosswire::engine::dispatcher::{Dispatcher, DispatcherParts};
use crosswire::engine::gate::Gate;
use crosswire::engine::leases::Leases;
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::model::message::Outbound;
use crosswire::model::state::Write;
use crosswire::model::topic::{OnAmbiguous, Sending};
use crosswire::stores::sqlite::Sqlite;

use super::fakes::{FakeTransport, clock, sending};
use super::groups;
use crate::storage::fixture::{Fixture, LONG, commit, entry};

/// Steps after which a queue never comes to rest.
const MAX_STEPS: u32 = 10_000;

pub(super) struct World {
    pub(super) f: Fixture,
    pub(super) clock: Arc<ManualClock>,
    pub(super) transport: Arc<FakeTransport>,
    pub(super) sending: Sending,
    pub(super) partitions: u16,
    pushed: AtomicU32,
}

/// The person of a number, on a line.
pub(super) fn recipient(number: u32, line: &str) -> Address {
    Address::new("twilio", &format!("+1415555{number:04}"), line)
}

pub(super) fn text(to: Address, text: &str) -> Outbound {
    Outbound::new(to, text.into(), Vec::new(), None)
}

impl World {
    pub(super) fn new(transport: FakeTransport) -> Self {
        let clock = clock();
        let store = Sqlite::in_memory(&(Arc::clone(&clock) as Arc<dyn Clock>)).unwrap();
        Self {
            f: Fixture::new(Arc::new(store)),
            clock,
            transport: Arc::new(transport),
            sending: sending(OnAmbiguous::Reconcile),
            partitions: 1,
            pushed: AtomicU32::default(),
        }
    }

    /// Commits writes and messages for the outbox.
    pub(super) async fn commit(&self, writes: Vec<Write>, outbox: &[Outbound]) {
        let outbox = outbox.iter().map(|outbound| Entry::owed(outbound, &groups())).collect();
        let number = self.pushed.fetch_add(1, Ordering::SeqCst);
        self.f
            .push_with(crate::storage::fixture::push(entry("alice", &format!("m{number}"))))
            .await;
        let claim = self.f.claim().await;
        self.f.complete(claim, Commit { writes, outbox, ..commit() }).await;
    }

    /// Puts messages to different recipients into the outbox.
    pub(super) async fn owe(&self, line: &str, count: u32) {
        let outbox: Vec<_> = (0..count).map(|n| text(recipient(n, line), "hello")).collect();
        self.commit(Vec::new(), &outbox).await;
    }

    /// Consumer of the outbox, as one process has it.
    pub(super) fn consumer(&self) -> Arc<Consumer> {
        let topic = self.f.partition.topic.clone();
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let gate = Gate::new(topic.clone(), groups(), Arc::clone(&clock));
        let dispatcher = Dispatcher::new(DispatcherParts {
            records: Arc::clone(&self.f.storage) as _,
            state: Arc::clone(&self.f.storage) as _,
            queues: Arc::clone(&self.f.storage) as _,
            rates: Arc::clone(&self.f.storage) as _,
            gate: Arc::clone(&gate),
            topic,
            partitions: self.partitions,
            transports: Transports::default().with("twilio", Arc::clone(&self.transport) as _),
            sending: self.sending.clone(),
            max_records: 1000,
            events: super::no_events(),
            groups: groups(),
            clock: Arc::clone(&clock),
            figures: Arc::default(),
        });
        let runtime = ConsumerRuntime::new(Arc::clone(&self.f.storage), Leases::new(clock));
        let queue = self.f.outbox();
        let (gate, outbox) = (Some(gate), None);
        let config = ConsumerConfig { queue, concurrency: 1, lease: LONG, gate, outbox };
        Consumer::new(runtime, Arc::new(dispatcher), config)
    }

    pub(super) async fn depth(&self) -> Depth {
        self.f.storage.depth(&self.f.outbox()).await.unwrap()
    }

    /// Texts that the transport has taken, in their order.
    pub(super) fn texts(&self) -> Vec<String> {
        self.transport.sent().iter().map(|sent| sent.text.reveal().to_owned()).collect()
    }

    /// Returns the kinds of what is recorded of messages to the outbox, with the reasons.
    pub(super) async fn recorded(&self) -> Vec<(String, Option<String>)> {
        let events = self.f.storage.events(&self.f.partition, None).await.unwrap();
        let outbound = events.into_iter().filter(|event| event.detail.outbound.is_some());
        outbound.map(|event| (event.kind.to_string(), event.detail.reason)).collect()
    }
}

/// Steps until nothing is ready, and returns when something is due.
pub(super) async fn until_idle(consumer: &Consumer) -> Option<Duration> {
    for _ in 0..MAX_STEPS {
        if let Step::Idle { next_due } = consumer.step().await.unwrap() {
            return next_due;
        }
    }
    panic!("the queue never comes to rest");
}
