//! Messages without ids: a repetition counts once, on every store and in every process, and the same
//! text after our answer counts again.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::handler::{Context, Handler, Result as HandlerResult};
use crosswire::contracts::storage::Pushed;
use crosswire::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
};
use crosswire::engine::intake::{Intake, Outcome};
use crosswire::engine::topic::Pipeline;
use crosswire::engine::worker::Worker;
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::model::consent::opt_out_key;
use crosswire::model::message::{Inbound, Incoming, Outbound};
use crosswire::model::topic::Replies;
use crosswire::model::topic_events::TopicEvents;
use crosswire::stores::sqlite::Sqlite;
use rstest::rstest;

use super::fakes::clock;
use super::worker::parts;
use super::{consumer, groups, topic, until_empty};
use crate::storage::fixture::Fixture;

const WINDOW: Duration = Duration::from_mins(1);

/// A gateway without ids: the path is the sender, the body the text.
struct Nameless {
    window: Option<Duration>,
}

impl Transport for Nameless {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        let sender = Address::new("nameless", &request.target, crate::support::LINE);
        let text = String::from_utf8_lossy(&request.body).into_owned();
        Ok(Received::Message(Box::new(Incoming::without_id(sender, text))))
    }

    async fn send(&self, _: &Outbound) -> Result<SentReceipt, SendError> {
        Err(SendError::NotSent("this one only receives".to_owned()))
    }

    fn dedupe_window(&self) -> Option<Duration> {
        self.window
    }
}

#[derive(Clone, Copy)]
enum Store {
    Redis,
    Sqlite,
}

/// A topic with two web processes over one store.
struct Scene {
    f: Fixture,
    clock: Arc<ManualClock>,
    processes: [Intake; 2],
}

impl Scene {
    async fn new(store: Store, window: Option<Duration>) -> Self {
        let clock = clock();
        let f = match store {
            Store::Redis => topic().await,
            Store::Sqlite => {
                let clock: Arc<dyn Clock> = clock.clone();
                Fixture::new(Arc::new(Sqlite::in_memory(&clock).unwrap()))
            }
        };
        let processes = [(); 2].map(|()| intake(&f, &clock, window));
        Self { f, clock, processes }
    }

    /// Returns whether a text counts as a message of its own.
    async fn counts(&self, process: usize, sender: &str, text: &str) -> bool {
        let request = WebhookRequest {
            method: "POST".to_owned(),
            target: sender.to_owned(),
            body: text.into(),
            ..WebhookRequest::default()
        };
        let name = self.f.partition.topic.as_str();
        match self.processes[process].receive(name, request).await.unwrap().outcome {
            Outcome::Pushed(Pushed::Accepted) => true,
            Outcome::Pushed(Pushed::Duplicate) => false,
            other => panic!("neither taken nor a duplicate: {other:?}"),
        }
    }

    /// Handles all messages, with an answer to each or without.
    async fn handle(&self, handler: impl Handler + 'static) {
        let topic = self.f.partition.topic.clone();
        let (mut parts, _) = parts(topic, Arc::clone(&self.f.storage) as _, 1, |_, _| Ok(()));
        parts.handler = Arc::new(handler);
        parts.clock = self.clock.clone();
        parts.windows = [("nameless".to_owned(), WINDOW)].into();
        let worker = consumer(&self.f, self.f.inbound(), None, Worker::new(parts));
        until_empty(&self.f, &self.f.inbound(), &worker).await;
    }
}

fn intake(f: &Fixture, clock: &Arc<ManualClock>, window: Option<Duration>) -> Intake {
    let topic = f.partition.topic.clone();
    let (parts, _) = parts(topic.clone(), Arc::clone(&f.storage) as _, 5, |_, _| Ok(()));
    let pipeline = Pipeline {
        topic,
        transport_name: "nameless".to_owned(),
        transport: Arc::new(Nameless { window }),
        validators: Vec::new(),
        replies: Replies {
            error_every: Duration::ZERO,
            accept_response: "accepted".to_owned(),
            send_on_accept: true,
            ..Replies::default()
        },
        limits: parts.limits,
        repeats: 0,
        events: TopicEvents::default(),
    };
    let clock: Arc<dyn Clock> = clock.clone();
    Intake::new(Arc::clone(&f.storage), groups(), clock, vec![pipeline])
}

/// Handler that answers nothing.
struct Silent;

impl Handler for Silent {
    async fn handle(&self, _: &mut Context, _: &Inbound) -> HandlerResult {
        Ok(())
    }
}

/// Handler that answers every message.
struct Answering;

impl Handler for Answering {
    async fn handle(&self, cx: &mut Context, _: &Inbound) -> HandlerResult {
        cx.reply("and?");
        Ok(())
    }
}

/// Handler that fails on every message, whose sender gets an apology.
struct Failing;

impl Handler for Failing {
    async fn handle(&self, _: &mut Context, _: &Inbound) -> HandlerResult {
        anyhow::bail!("on purpose")
    }
}

#[rstest]
#[tokio::test]
async fn repetition_counts_once_in_every_process(
    #[values(Store::Redis, Store::Sqlite)] store: Store,
) {
    let scene = Scene::new(store, Some(WINDOW)).await;
    assert!(scene.counts(0, "+14155550101", "yes").await);
    for process in [0, 1, 1, 0] {
        assert!(!scene.counts(process, "+14155550101", "yes").await);
    }
    scene.handle(Silent).await;
    assert!(!scene.counts(1, "+14155550101", "yes").await, "it was handled and not answered");
    assert!(scene.counts(1, "+14155550101", "Yes").await, "another text");
    assert!(scene.counts(1, "+14155550102", "yes").await, "another sender");
}

#[rstest]
#[tokio::test]
async fn same_text_after_our_answer_counts_again(
    #[values(Store::Redis, Store::Sqlite)] store: Store,
) {
    let scene = Scene::new(store, Some(WINDOW)).await;
    for _ in 0..3 {
        // All of it happens within one instant of the clock.
        assert!(scene.counts(0, "+14155550101", "yes").await);
        assert!(!scene.counts(1, "+14155550101", "yes").await);
        scene.handle(Answering).await;
    }
    assert!(scene.counts(0, "+14155550101", "yes").await);
    scene.handle(Failing).await;
    assert!(scene.counts(0, "+14155550101", "yes").await, "an apology is an answer too");
}

#[rstest]
#[tokio::test]
async fn window_lasts_once_to_twice_its_length(
    #[values(Store::Redis, Store::Sqlite)] store: Store,
    #[values(0, 1, 30, 59)] start: u64,
) {
    let scene = Scene::new(store, Some(WINDOW)).await;
    scene.clock.advance(Duration::from_secs(start));
    assert!(scene.counts(0, "+14155550101", "yes").await);
    scene.clock.advance(WINDOW);
    assert!(!scene.counts(1, "+14155550101", "yes").await);
    scene.clock.advance(WINDOW);
    assert!(scene.counts(1, "+14155550101", "yes").await);
}

#[rstest]
#[tokio::test]
async fn second_opt_out_within_a_window_counts(
    #[values(Store::Redis, Store::Sqlite)] store: Store,
) {
    let scene = Scene::new(store, Some(WINDOW)).await;
    let sender = "+14155550101";
    let key = opt_out_key(&groups(), &Address::new("nameless", sender, crate::support::LINE));
    for (text, is_out) in [("STOP", true), ("START", false), ("STOP", true), ("start", false)] {
        assert!(scene.counts(0, sender, text).await, "{text}");
        assert_eq!(scene.f.value(key.as_str()).await.is_some(), is_out, "{text}");
    }
}

#[rstest]
#[tokio::test]
async fn without_a_window_every_message_counts(
    #[values(Store::Redis, Store::Sqlite)] store: Store,
) {
    let scene = Scene::new(store, None).await;
    for process in [0, 0, 1] {
        assert!(scene.counts(process, "+14155550101", "yes").await);
    }
}
