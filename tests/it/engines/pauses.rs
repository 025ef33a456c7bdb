//! Paused lines: the store hands out none of their messages, and the other lines go on.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::{Commit, Depth, Entry};
use crosswire::contracts::transport::Transports;
use crosswire::engine::consumer::{Consumer, ConsumerConfig, ConsumerRuntime, Step};
use crosswire::engine::dispatcher::{Dispatcher, DispatcherParts};
use crosswire::engine::gate::{Gate, PAUSE};
use crosswire::engine::leases::Leases;
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::model::message::Outbound;
use crosswire::model::topic::OnAmbiguous;
use crosswire::stores::sqlite::Sqlite;

use super::fakes::{FakeTransport, clock, sending};
use super::groups;
use crate::storage::fixture::{Fixture, LONG, MAX_CLAIMS, commit, entry};

const BAD: &str = "+15005550001";
const GOOD: &str = "+15005550006";

struct World {
    f: Fixture,
    clock: Arc<ManualClock>,
    transport: Arc<FakeTransport>,
}

impl World {
    fn new() -> Self {
        let clock = clock();
        let store = Sqlite::in_memory(&(Arc::clone(&clock) as Arc<dyn Clock>)).unwrap();
        let transport = FakeTransport::default();
        transport.rejected.lock().unwrap().push(BAD.to_owned());
        Self { f: Fixture::new(Arc::new(store)), clock, transport: Arc::new(transport) }
    }

    /// Puts messages to different recipients into the outbox.
    async fn owe(&self, line: &str, count: u32) {
        let outbound = |number| {
            let to = Address::new("twilio", &format!("+1415555{number:04}"), line);
            Entry::owed(&Outbound::new(to, "hello".into(), Vec::new(), None), &groups())
        };
        let outbox = (0..count).map(outbound).collect();
        self.f
            .push_with(crate::storage::fixture::push(entry("alice", &format!("{line} {count}"))))
            .await;
        let claim = self.f.claim().await;
        self.f.complete(claim, Commit { outbox, ..commit() }).await;
    }

    /// Consumer of the outbox, as one process has it.
    fn consumer(&self) -> Arc<Consumer> {
        let topic = self.f.partition.topic.clone();
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let gate = Gate::new(topic.clone(), groups(), Arc::clone(&clock));
        let dispatcher = Dispatcher::new(DispatcherParts {
            records: Arc::clone(&self.f.storage) as _,
            gate: Arc::clone(&gate),
            topic,
            transports: Transports::default().with("twilio", Arc::clone(&self.transport) as _),
            sending: sending(OnAmbiguous::Reconcile),
            max_records: 1000,
            events: super::no_events(),
            groups: groups(),
            clock: Arc::clone(&clock),
        });
        let runtime = ConsumerRuntime::new(Arc::clone(&self.f.storage), Leases::new(clock));
        let gate = Some(gate);
        let queue = self.f.outbox();
        let config = ConsumerConfig { queue, concurrency: 1, lease: LONG, gate };
        Consumer::new(runtime, Arc::new(dispatcher), config)
    }

    async fn depth(&self) -> Depth {
        self.f.storage.depth(&self.f.outbox()).await.unwrap()
    }
}

/// Steps until nothing is ready, and returns when something is due.
async fn until_idle(consumer: &Consumer) -> Option<Duration> {
    for _ in 0..10 * MAX_CLAIMS {
        if let Step::Idle { next_due } = consumer.step().await.unwrap() {
            return next_due;
        }
    }
    panic!("the queue never comes to rest");
}

#[tokio::test]
async fn rejected_line_is_held_while_the_other_keeps_sending() {
    let world = World::new();
    world.owe(BAD, 30).await;
    world.owe(GOOD, 30).await;
    let consumer = world.consumer();
    until_idle(&consumer).await;
    assert_eq!(world.transport.sent_from(GOOD), 30);
    assert_eq!(world.transport.tried_from(BAD), 1);
    world.clock.advance(PAUSE / 2);
    world.owe(GOOD, 5).await;
    until_idle(&consumer).await;
    assert_eq!(world.transport.sent_from(GOOD), 35);
    assert_eq!(world.transport.tried_from(BAD), 1);
}

#[tokio::test]
async fn paused_messages_are_neither_claimed_nor_rescheduled() {
    let world = World::new();
    world.owe(BAD, 30).await;
    let consumer = world.consumer();
    let next_due = until_idle(&consumer).await;
    assert!(next_due.is_some());
    world.clock.advance(Duration::from_secs(2));
    until_idle(&consumer).await;
    let held = Depth { pending: 30, ready: 30, ..Depth::default() };
    assert_eq!(world.depth().await, held);
    for _ in 0..20 {
        world.clock.advance(Duration::from_secs(1));
        until_idle(&consumer).await;
        assert_eq!(world.depth().await, held);
    }
    assert_eq!(world.transport.tried_from(BAD), 1);
    for _ in 0..30 {
        let claim = world.f.claim_outbox().await;
        assert_eq!((claim.attempt, claim.failures), (1, 0));
        assert_eq!(claim.outcome_unknown_since, None);
    }
}

#[tokio::test]
async fn mended_line_sends_everything_after_its_probe() {
    let world = World::new();
    world.owe(BAD, 30).await;
    let consumer = world.consumer();
    until_idle(&consumer).await;
    for probes in 2..5 {
        world.clock.advance(PAUSE);
        until_idle(&consumer).await;
        assert_eq!(world.transport.tried_from(BAD), probes, "one probe for each pause");
    }
    world.transport.rejected.lock().unwrap().clear();
    world.clock.advance(PAUSE);
    until_idle(&consumer).await;
    assert_eq!(world.transport.sent_from(BAD), 30);
    assert_eq!(world.depth().await, Depth::default(), "probes that failed buried nothing");
}

#[tokio::test]
async fn pause_that_one_worker_sets_holds_another() {
    let world = World::new();
    world.owe(BAD, 30).await;
    let (one, other) = (world.consumer(), world.consumer());
    until_idle(&one).await;
    until_idle(&other).await;
    assert_eq!(world.transport.tried_from(BAD), 1);
}
