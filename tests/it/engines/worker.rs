//! Messages whose handler fails or refuses, on a real Redis.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::DateTime;
use crosswire::contracts::handler::{Context, Handler, Refuse, Result};
use crosswire::contracts::storage::{Entry, StateReads};
use crosswire::contracts::transport::Transports;
use crosswire::engine::consumer::Consumer;
use crosswire::engine::worker::{Worker, WorkerParts};
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock as _, SystemClock};
use crosswire::model::message::{Inbound, Incoming, Mail, MessageId, Outbound};
use crosswire::model::topic::{Limits, SenderLimits, TopicName};

use super::fakes::NoStore;
use super::{consumer, groups, person, topic, until_empty};
use crate::storage::fixture::{Fixture, commit, push};

pub(super) const APOLOGY: &str = "It was us.";

pub(super) type Deed = fn(&mut Context, u32) -> Result;

/// Handler that does a deed, which is told the number of earlier runs.
struct Doer {
    deed: Deed,
    runs: Arc<AtomicU32>,
}

impl Handler for Doer {
    async fn handle(&self, cx: &mut Context, _: &Inbound) -> Result {
        let before = self.runs.fetch_add(1, Ordering::SeqCst);
        // Must be discarded whenever the deed fails.
        cx.reply("half a word");
        (self.deed)(cx, before)
    }
}

/// Parts of a worker whose handler does this, and the count of its runs.
pub(super) fn parts(
    topic: TopicName,
    state: Arc<dyn StateReads>,
    max_attempts: u32,
    deed: Deed,
) -> (WorkerParts, Arc<AtomicU32>) {
    let runs = Arc::<AtomicU32>::default();
    let parts = WorkerParts {
        state,
        clock: Arc::new(SystemClock),
        groups: groups(),
        topic,
        handler: Arc::new(Doer { deed, runs: Arc::clone(&runs) }),
        limits: Limits {
            partitions: 1,
            concurrency: 1,
            lease: Duration::from_secs(10),
            handler_timeout: Duration::from_secs(1),
            max_attempts,
            max_depth: 100,
            max_backlog_age: Duration::from_mins(1),
            max_group_depth: 100,
            max_recipient_depth: 100,
            senders: SenderLimits { rate: 0, ..SenderLimits::default() },
            retention: Duration::from_hours(1),
            max_records: 1000,
        },
        error_response: APOLOGY.to_owned(),
        error_every: Duration::ZERO,
        rates: Arc::new(NoStore::default()),
        transports: Transports::default(),
        observer: None,
        windows: HashMap::new(),
        figures: Arc::default(),
    };
    (parts, runs)
}

fn works(f: &Fixture, max_attempts: u32, deed: Deed) -> (Arc<Consumer>, Arc<AtomicU32>) {
    let topic = f.partition.topic.clone();
    let (parts, runs) = parts(topic, Arc::clone(&f.storage) as _, max_attempts, deed);
    (consumer(f, f.inbound(), None, Worker::new(parts)), runs)
}

/// Payload of a message from the test's person.
pub(super) fn mail(topic: TopicName) -> String {
    let incoming = Incoming::new(MessageId::new("SM1"), person(), "hello");
    let message = Inbound::new(topic, DateTime::UNIX_EPOCH, incoming);
    serde_json::to_string(&Mail::Message(Box::new(message))).unwrap()
}

async fn receive(f: &Fixture) {
    let payload = mail(f.partition.topic.clone());
    let entry = Entry { group: groups().group(&person()), id: MessageId::new("SM1"), payload };
    f.push_with(push(entry)).await;
}

/// Texts in the outbox, in their order.
async fn owed(f: &Fixture) -> Vec<String> {
    let mut texts = Vec::new();
    for _ in 0..f.storage.depth(&f.outbox()).await.unwrap().pending {
        let claim = f.claim_outbox().await;
        let outbound: Outbound = serde_json::from_str(&claim.payload).unwrap();
        texts.push(outbound.text.reveal().to_owned());
        f.complete(claim, crate::storage::fixture::commit()).await;
    }
    texts
}

/// Lets the message fail `max_attempts` times, and returns the reason of its burial.
async fn buried_for(max_attempts: u32, deed: Deed) -> String {
    let f = topic().await;
    receive(&f).await;
    let (consumer, runs) = works(&f, max_attempts, deed);
    until_empty(&f, &f.inbound(), &consumer).await;
    assert_eq!(runs.load(Ordering::SeqCst), max_attempts);
    assert_eq!(owed(&f).await, [APOLOGY]);
    f.dead_letters(&f.inbound()).await.remove(0).reason
}

#[tokio::test]
async fn message_is_buried_after_its_last_failed_attempt() {
    let reason = buried_for(2, |_, _| Err(anyhow::anyhow!("no luck"))).await;
    assert_eq!(reason, "no luck");
}

#[tokio::test]
async fn panic_of_a_handler_buries_its_message() {
    assert_eq!(buried_for(1, |_, _| panic!("on purpose")).await, "the handler panicked");
}

#[tokio::test]
async fn reply_of_a_retried_handler_is_sent_once() {
    let f = topic().await;
    receive(&f).await;
    let deed: Deed = |_, before| match before {
        0 => Err(anyhow::anyhow!("not yet")),
        _ => Ok(()),
    };
    until_empty(&f, &f.inbound(), &works(&f, 5, deed).0).await;
    assert_eq!(owed(&f).await, ["half a word"]);
}

#[tokio::test]
async fn refusal_is_the_only_reply() {
    let f = topic().await;
    receive(&f).await;
    let (consumer, runs) = works(&f, 5, |_, _| Err(Refuse::new("no").into()));
    until_empty(&f, &f.inbound(), &consumer).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(owed(&f).await, ["no"]);
}

/// Handles two messages of the test's person, of this age, by a deed, while one message may wait for each
/// recipient. Returns the worker.
async fn congest(f: &Fixture, age: Duration, deed: Deed) -> Arc<Consumer> {
    let (mut parts, _) = parts(f.partition.topic.clone(), Arc::clone(&f.storage) as _, 1, deed);
    parts.limits.max_recipient_depth = 1;
    let consumer = consumer(f, f.inbound(), None, Worker::new(parts));
    for id in ["SM1", "SM2"] {
        let incoming = Incoming::new(MessageId::new(id), person(), "hello");
        let message = Inbound::new(f.partition.topic.clone(), SystemClock.now() - age, incoming);
        let payload = serde_json::to_string(&Mail::Message(Box::new(message))).unwrap();
        let entry = Entry { group: groups().group(&person()), id: MessageId::new(id), payload };
        f.push_with(push(entry)).await;
        consumer.step().await.unwrap();
    }
    consumer
}

fn tell(cx: &mut Context, number: &str) {
    cx.send(&Address::new("twilio", number, crate::support::LINE), "hello");
}

async fn waiting(f: &Fixture) -> u64 {
    f.storage.depth(&f.inbound()).await.unwrap().pending
}

#[tokio::test]
async fn message_for_a_congested_recipient_waits_without_a_failure() {
    let f = topic().await;
    let deed: Deed = |cx, _| {
        tell(cx, "+14155550102");
        Ok(())
    };
    let consumer = congest(&f, Duration::ZERO, deed).await;
    let depth = f.storage.depth(&f.inbound()).await.unwrap();
    assert_eq!((depth.pending, depth.delayed, depth.dead), (1, 1, 0));
    for _ in 0..2 {
        f.complete(f.claim_outbox().await, commit()).await;
    }
    let claim = f.claim_when_due(&f.inbound()).await;
    assert_eq!((claim.failures, claim.note.as_deref()), (0, Some("congested 1")));
    f.release(claim).await;
    until_empty(&f, &f.inbound(), &consumer).await;
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().dead, 0, "it is no failure");
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 2);
}

#[tokio::test]
async fn backlog_of_the_sender_or_of_one_of_several_holds_up_nothing() {
    let f = topic().await;
    congest(&f, Duration::ZERO, |_, _| Ok(())).await;
    assert_eq!(waiting(&f).await, 0, "the answer to the sender is no reason to wait");
    let f = topic().await;
    let several: Deed = |cx, _| {
        tell(cx, "+14155550102");
        tell(cx, "+14155550103");
        Ok(())
    };
    congest(&f, Duration::ZERO, several).await;
    assert_eq!(waiting(&f).await, 0, "one of several");
}

#[tokio::test]
async fn message_that_has_waited_for_a_minute_goes_through() {
    let f = topic().await;
    let deed: Deed = |cx, _| {
        tell(cx, "+14155550102");
        Ok(())
    };
    congest(&f, Duration::from_mins(1), deed).await;
    assert_eq!(waiting(&f).await, 0);
}
