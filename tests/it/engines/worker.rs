//! What becomes of a message whose handler fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::DateTime;
use crosswire::contracts::handler::{Context, Handler, Refuse, Result};
use crosswire::contracts::storage::Entry;
use crosswire::engine::consumer::Consumer;
use crosswire::engine::worker::{Setup, Worker};
use crosswire::model::clock::SystemClock;
use crosswire::model::message::{Inbound, Incoming, Mail, MessageId, Outbound};
use crosswire::model::topic::Limits;

use super::{consumer, groups, person, topic, until_empty};
use crate::storage::fixture::{Fixture, push};

const APOLOGY: &str = "It was us.";

type Deed = fn(&mut Context, u32) -> Result;

/// Does its deed, and is told how often it did before.
struct Doer {
    deed: Deed,
    runs: Arc<AtomicU32>,
}

impl Handler for Doer {
    async fn handle(&self, cx: &mut Context, _: &Inbound) -> Result {
        let before = self.runs.fetch_add(1, Ordering::SeqCst);
        // Whatever it does, this much it has said already.
        cx.reply("half a word");
        (self.deed)(cx, before)
    }
}

fn works(f: &Fixture, max_attempts: u32, deed: Deed) -> (Arc<Consumer>, Arc<AtomicU32>) {
    let runs = Arc::<AtomicU32>::default();
    let setup = Setup {
        storage: Arc::clone(&f.storage),
        clock: Arc::new(SystemClock),
        groups: groups(),
        topic: f.partition.topic.clone(),
        handler: Arc::new(Doer { deed, runs: Arc::clone(&runs) }),
        limits: Limits {
            partitions: 1,
            concurrency: 1,
            lease: Duration::from_secs(10),
            handler_timeout: Duration::from_secs(1),
            max_attempts,
            max_depth: 100,
            max_group_depth: 100,
            retention: Duration::from_hours(1),
            max_records: 1000,
        },
        error_response: APOLOGY.to_owned(),
        observer: None,
    };
    (consumer(f, f.inbound(), Worker::new(setup)), runs)
}

async fn somebody_writes(f: &Fixture) {
    let incoming = Incoming::new(MessageId::new("SM1"), person(), "hello");
    let message = Inbound::new(f.partition.topic.clone(), DateTime::UNIX_EPOCH, incoming);
    let payload = serde_json::to_string(&Mail::Message(Box::new(message))).unwrap();
    let entry = Entry { group: groups().group(&person()), id: MessageId::new("SM1"), payload };
    f.push_with(push(entry)).await;
}

/// What is owed to the person, in its order.
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

/// The message fails `max_attempts` times at this; answers why it was buried.
async fn buried_for(max_attempts: u32, deed: Deed) -> String {
    let f = topic().await;
    somebody_writes(&f).await;
    let (consumer, runs) = works(&f, max_attempts, deed);
    until_empty(&f, &f.inbound(), &consumer).await;
    assert_eq!(runs.load(Ordering::SeqCst), max_attempts);
    assert_eq!(owed(&f).await, [APOLOGY]);
    f.storage.dead_letters(&f.inbound(), 1).await.unwrap().remove(0).reason
}

#[tokio::test]
async fn a_handler_that_fails_is_run_again_and_then_its_message_is_buried() {
    let reason = buried_for(2, |_, _| Err(anyhow::anyhow!("no luck"))).await;
    assert_eq!(reason, "no luck");
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_message_only() {
    assert_eq!(buried_for(1, |_, _| panic!("on purpose")).await, "the handler panicked");
}

#[tokio::test]
async fn a_handler_that_succeeds_at_last_has_said_it_once() {
    let f = topic().await;
    somebody_writes(&f).await;
    let deed: Deed = |_, before| match before {
        0 => Err(anyhow::anyhow!("not yet")),
        _ => Ok(()),
    };
    until_empty(&f, &f.inbound(), &works(&f, 5, deed).0).await;
    assert_eq!(owed(&f).await, ["half a word"]);
}

#[tokio::test]
async fn a_handler_that_refuses_says_nothing_else() {
    let f = topic().await;
    somebody_writes(&f).await;
    let (consumer, runs) = works(&f, 5, |_, _| Err(Refuse::new("no").into()));
    until_empty(&f, &f.inbound(), &consumer).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(owed(&f).await, ["no"]);
}
