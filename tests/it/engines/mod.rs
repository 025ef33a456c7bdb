//! The engines, a step at a time, on a real Redis and against the fake of Twilio's API.

mod dispatcher;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::{Entry, Queue};
use crosswire::engine::consumer::{Consumer, Shared, Step, Work};
use crosswire::engine::leases::Leases;
use crosswire::model::address::{Address, GroupKey};
use crosswire::model::clock::SystemClock;
use crosswire::model::message::Outbound;
use crosswire::stores::redis::{Redis, RedisConfig};
use secrecy::SecretString;

use crate::storage::fixture::{Fixture, LONG, entry, push};
use crate::support::PATIENCE;
use crate::support::redis::RedisServer;

fn groups() -> GroupKey {
    GroupKey::new(&SecretString::from("a key for tests, of no importance"))
}

fn person() -> Address {
    Address::new("twilio", "+14155550101", crate::support::LINE)
}

/// A topic of its own on the shared Redis.
async fn topic() -> Fixture {
    let url = RedisServer::shared().url().into();
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    Fixture::new(Arc::new(Redis::connect(settings).await.unwrap()))
}

fn consumer(f: &Fixture, queue: Queue, work: impl Work + 'static) -> Arc<Consumer> {
    let shared = Shared {
        storage: Arc::clone(&f.storage),
        leases: Leases::new(Arc::new(SystemClock)),
        company: Arc::default(),
        suspects: Arc::default(),
    };
    Consumer::new(shared, queue, Arc::new(work), 1, LONG)
}

/// Steps until the queue has nothing left, waiting for whatever is due.
async fn until_empty(f: &Fixture, queue: &Queue, consumer: &Consumer) {
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

/// Puts a text into the outbox, and takes what owed it out of the way.
async fn owe(f: &Fixture, text: &str) {
    let outbound = Outbound::new(person(), text.into(), Vec::new(), None);
    let outbox = vec![Entry::owed(&outbound, &groups())];
    f.push_with(crosswire::contracts::storage::Push { outbox, ..push(entry("alice", "m1")) }).await;
    let claim = f.claim().await;
    f.complete(claim, crate::storage::fixture::commit()).await;
}
