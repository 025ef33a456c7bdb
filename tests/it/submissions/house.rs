//! A topic with a phone provider, stepped by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use crosswire::app::config::DraftConfig;
use crosswire::app::registry::Registry;
use crosswire::contracts::settings::{ConfigErrors, Environment, Purpose};
use crosswire::contracts::storage::{Partition, Queue, QueueKind, Storage, Token};
use crosswire::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
};
use crosswire::engine::consumer::{Consumer, ConsumerRuntime, Step};
use crosswire::engine::consumers::Consumers;
use crosswire::engine::intake::Intake;
use crosswire::engine::leases::Leases;
use crosswire::engine::submissions::{
    Destination, Draft, IdempotencyKey, MessageStatus, Submitter,
};
use crosswire::engine::topic::TopicRuntime;
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock, ManualClock, SystemClock};
use crosswire::model::event::EventKind;
use crosswire::model::message::{Incoming, MessageId, Outbound};
use crosswire::model::topic::TopicName;
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::stores::sqlite::Sqlite;

use crate::engines::groups;
use crate::support::redis::RedisServer;

pub(super) const LINE: &str = "+15005550006";
pub(super) const ALICE: &str = "+14155550101";
pub(super) const BOB: &str = "+14155550102";

/// Provider of phones. It refuses a text that begins with `refuse`, and reports that a recipient of
/// `opted out` has opted out.
#[derive(Default)]
pub(super) struct PhoneProvider {
    sent: Mutex<Vec<Outbound>>,
}

struct Provider(Arc<PhoneProvider>);

impl Transport for Provider {
    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Ok(Received::Nothing)
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        let reason = String::from("not like this");
        match message.text.reveal() {
            text if text.starts_with("refuse") => Err(SendError::Message { code: 1, reason }),
            "opted out" => Err(SendError::Recipient { code: 21610, reason }),
            _ => {
                self.0.sent.lock().unwrap().push(message.clone());
                Ok(SentReceipt::new(format!("P{}", message.id)))
            }
        }
    }

    fn line(&self) -> Option<&str> {
        Some(LINE)
    }

    fn has_phone_numbers(&self) -> bool {
        true
    }
}

/// A topic with its queues.
pub(super) struct House {
    pub(super) submitter: Submitter,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) topic: TopicName,
    provider: Arc<PhoneProvider>,
    consumers: Vec<(Queue, Arc<Consumer>)>,
    pub(super) intake: Intake,
    clock: Option<Arc<ManualClock>>,
    messages: Mutex<u64>,
}

impl House {
    /// Runs on the embedded store, under a clock of the test's.
    pub(super) fn embedded(settings: &str) -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-21T12:00:00Z".parse().unwrap()));
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let storage = Arc::new(Sqlite::in_memory(&shared).unwrap());
        Self { clock: Some(clock), ..Self::new(storage, &shared, settings) }
    }

    /// Runs on a real Redis.
    pub(super) async fn on_redis(settings: &str) -> Self {
        let url = RedisServer::shared().url().into();
        let config = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
        let storage = Arc::new(Redis::connect(config).await.unwrap());
        Self::new(storage, &(Arc::new(SystemClock) as _), settings)
    }

    fn new(storage: Arc<dyn Storage>, clock: &Arc<dyn Clock>, settings: &str) -> Self {
        let name = format!("t{}", Token::random().as_str());
        let provider = Arc::<PhoneProvider>::default();
        let topic = service(&name, settings, &provider);
        let leases = Leases::new(Arc::clone(clock));
        let runtime = ConsumerRuntime::new(Arc::clone(&storage), leases);
        let consumers = Consumers { runtime, clock: Arc::clone(clock), groups: groups() };
        let destinations = vec![Destination::new(topic.clone())];
        let (keys, pipelines) = (groups(), topic.pipelines().collect());
        Self {
            submitter: Submitter::new(
                Arc::clone(&storage),
                keys.clone(),
                Arc::clone(clock),
                destinations,
            ),
            topic: topic.config.name.clone(),
            consumers: consumers.of(&topic),
            intake: Intake::new(Arc::clone(&storage), keys, Arc::clone(clock), pipelines),
            storage,
            provider,
            clock: None,
            messages: Mutex::default(),
        }
    }

    /// Passes the limits of a process that takes requests of others.
    pub(super) fn limited(self) -> Self {
        Self { submitter: self.submitter.limited_by(self.intake.overload()), ..self }
    }

    pub(super) fn draft(&self, to: &str, text: &str) -> Draft {
        Draft::new(self.topic.as_str(), to, text)
    }

    /// Submits a text.
    pub(super) async fn send(&self, to: &str, text: &str) -> MessageId {
        self.submitter.send(&self.draft(to, text), None).await.unwrap()
    }

    /// Takes a text that somebody writes.
    pub(super) async fn write(&self, from: &str, text: &str) {
        let id = {
            let mut messages = self.messages.lock().unwrap();
            *messages += 1;
            MessageId::new(format!("SM{messages}"))
        };
        let sender = Address::new("phones", from, LINE);
        self.intake.take(self.topic.as_str(), Incoming::new(id, sender, text)).await.unwrap();
    }

    /// Works until nothing is ready.
    pub(super) async fn settle(&self) {
        self.work(&[QueueKind::Inbound, QueueKind::Outbox]).await;
    }

    /// Handles until nothing is ready, and sends nothing.
    pub(super) async fn handle(&self) {
        self.work(&[QueueKind::Inbound]).await;
    }

    async fn work(&self, kinds: &[QueueKind]) {
        loop {
            let mut has_worked = false;
            let chosen = self.consumers.iter().filter(|(queue, _)| kinds.contains(&queue.kind));
            for (_, consumer) in chosen {
                has_worked |= matches!(consumer.step().await.unwrap(), Step::Worked);
            }
            if !has_worked {
                return;
            }
        }
    }

    /// Works until everything is settled that is due within a second or so.
    pub(super) async fn drain(&self) {
        for _ in 0..200 {
            self.settle().await;
            if self.pending().await == 0 {
                return;
            }
            match &self.clock {
                Some(clock) => clock.advance(Duration::from_millis(200)),
                None => self.storage.wait(&self.consumers[0].0, LOOK).await.unwrap(),
            }
        }
        panic!("it is not settled");
    }

    async fn pending(&self) -> u64 {
        let mut pending = 0;
        for (queue, _) in &self.consumers {
            pending += self.storage.depth(queue).await.unwrap().pending;
        }
        pending
    }

    pub(super) fn advance(&self, time: Duration) {
        self.clock.as_ref().expect("it has a clock of its own").advance(time);
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.as_ref().expect("it has a clock of its own").now()
    }

    pub(super) async fn status(&self, id: &MessageId) -> MessageStatus {
        self.submitter.status(&id.as_str().parse().unwrap()).await.unwrap()
    }

    /// Returns the texts that the provider was given, each after its recipient.
    pub(super) fn sent(&self) -> Vec<(String, String)> {
        let sent = self.provider.sent.lock().unwrap();
        let shown =
            |it: &Outbound| (it.to.identity.reveal().to_owned(), it.text.reveal().to_owned());
        sent.iter().map(shown).collect()
    }

    /// Returns the kinds of the recorded events of a message.
    pub(super) async fn kinds(&self, id: &MessageId) -> Vec<EventKind> {
        let number = id.as_str().split('.').nth(1).unwrap().parse().unwrap();
        let partition = Partition { topic: self.topic.clone(), number };
        let events = self.storage.events(&partition, Some(id)).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

const LOOK: Duration = Duration::from_millis(50);

pub(super) fn key(key: &str) -> IdempotencyKey {
    IdempotencyKey::new("cron", key).unwrap()
}

fn service(name: &str, settings: &str, provider: &Arc<PhoneProvider>) -> TopicRuntime {
    let toml = format!(
        "[topics.{name}]\nhandler = \"echo\"\ntransport = \"phones\"\naccept_response = \"\"\n{settings}"
    );
    let mut registry = Registry::shipped();
    registry.transport("phones", Provider(Arc::clone(provider)));
    let (environment, errors) = (Environment::default(), ConfigErrors::default());
    let draft = DraftConfig::read("topics.toml", &toml, &environment, Purpose::Dev, &errors);
    let mut services = registry.assemble(&draft, &environment, &errors);
    errors.into_result().unwrap();
    services.remove(0)
}
