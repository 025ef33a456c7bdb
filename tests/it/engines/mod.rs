//! Engines, a step at a time: without a store, on SQLite, and on a real Redis.

mod consent;
mod dedupe;
mod dispatcher;
mod events;
mod fakes;
mod flood;
mod gate;
mod intake;
mod orders;
mod overload;
mod pauses;
mod poison;
mod sending;
mod settlements;
mod sweeper;
mod timekeeper;
mod worker;
mod world;

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::{Entry, Queue};
use crosswire::engine::consumer::{Consumer, ConsumerConfig, ConsumerRuntime, Step};
use crosswire::engine::events::EventSource;
use crosswire::engine::gate::Gate;
use crosswire::engine::leases::Leases;
use crosswire::engine::settlement::Work;
use crosswire::model::address::{Address, GroupKey};
use crosswire::model::clock::SystemClock;
use crosswire::model::message::Outbound;
use crosswire::model::topic_events::TopicEvents;
use crosswire::stores::redis::{Redis, RedisConfig};
use secrecy::SecretString;

use crate::storage::fixture::{Fixture, LONG, entry, push};
use crate::support::PATIENCE;
use crate::support::redis::RedisServer;

pub(crate) fn groups() -> GroupKey {
    GroupKey::new(&SecretString::from("a key for tests, of no importance"))
}

/// Source of no events.
pub(crate) fn no_events() -> EventSource {
    let topic = "chat".parse().unwrap();
    EventSource::new(topic, TopicEvents::default(), groups(), Arc::new(SystemClock))
}

fn person() -> Address {
    Address::new("twilio", "+14155550101", crate::support::LINE)
}

/// A topic of its own on the shared Redis.
pub(crate) async fn topic() -> Fixture {
    let url = RedisServer::shared().url().into();
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    Fixture::new(Arc::new(Redis::connect(settings).await.unwrap()))
}

pub(crate) fn consumer(
    f: &Fixture,
    queue: Queue,
    gate: Option<Arc<Gate>>,
    work: impl Work + 'static,
) -> Arc<Consumer> {
    let leases = Leases::new(Arc::new(SystemClock));
    let runtime = ConsumerRuntime::new(Arc::clone(&f.storage), leases);
    let config = ConsumerConfig { queue, concurrency: 1, lease: LONG, gate, outbox: None };
    Consumer::new(runtime, Arc::new(work), config)
}

/// Steps until the queue has nothing left, waiting for what is due.
pub(crate) async fn until_empty(f: &Fixture, queue: &Queue, consumer: &Consumer) {
    let work = async {
        while f.storage.depth(queue).await.unwrap().pending > 0 {
            if let Step::Idle { next_due } = consumer.step().await.unwrap() {
                let patience = next_due.unwrap_or(Duration::from_millis(10));
                f.storage.wait(queue, patience).await.unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("everything is settled in time");
}

/// Puts a text into the outbox, and completes the inbound message that it answers.
async fn owe(f: &Fixture, text: &str) {
    let outbound = Outbound::new(person(), text.into(), Vec::new(), None);
    let outbox = vec![Entry::owed(&outbound, &groups())];
    f.push_with(crosswire::contracts::storage::Push { outbox, ..push(entry("alice", "m1")) }).await;
    let claim = f.claim().await;
    f.complete(claim, crate::storage::fixture::commit()).await;
}
