//! A topic with a provider, a web and a worker that record what they do, stepped by hand.

use std::sync::Arc;
use std::time::Duration;

use crosswire::app::config::DraftConfig;
use crosswire::app::registry::Registry;
use crosswire::contracts::figures::Figure;
use crosswire::contracts::settings::{ConfigErrors, Environment, Purpose};
use crosswire::contracts::storage::{Queue, Storage, Token};
use crosswire::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
};
use crosswire::engine::consumer::{Consumer, ConsumerRuntime, Step};
use crosswire::engine::consumers::Consumers;
use crosswire::engine::intake::Intake;
use crosswire::engine::leases::Leases;
use crosswire::engine::operations::Operations;
use crosswire::engine::processes::{ProcessIdentity, Recorder, Reporter, Totals};
use crosswire::engine::topic::TopicRuntime;
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::model::message::{Incoming, MessageId, Outbound};
use crosswire::stores::sqlite::Sqlite;

use crate::engines::groups;

/// Name of the topic.
pub(super) const TOPIC: &str = "echo";

/// Provider that takes 20 ms for a text, and refuses one for what it says.
struct Provider(Arc<ManualClock>);

impl Transport for Provider {
    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Ok(Received::Nothing)
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        self.0.advance(Duration::from_millis(20));
        let (code, reason) = (30_001, String::from("not now"));
        match message.text.reveal() {
            text if text.contains("throttled") => Err(SendError::Throttled { retry_after: None }),
            text if text.contains("unavailable") => Err(SendError::NotSent(reason)),
            text if text.contains("unknown") => Err(SendError::Ambiguous(reason)),
            text if text.contains("recipient") => Err(SendError::Recipient { code, reason }),
            text if text.contains("message") => Err(SendError::Message { code, reason }),
            text if text.contains("account") => Err(SendError::Account { code, reason }),
            _ => Ok(SentReceipt::new(format!("P{}", message.id))),
        }
    }

    fn segments(&self, _: &Outbound) -> u32 {
        2
    }
}

/// A topic, and one process that runs it.
pub(super) struct World {
    pub(super) clock: Arc<ManualClock>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) topic: TopicRuntime,
    pub(super) recorder: Recorder,
    pub(super) intake: Intake,
    pub(super) consumers: Vec<(Queue, Arc<Consumer>)>,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-21T12:00:00Z".parse().unwrap()));
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let storage: Arc<dyn Storage> = Arc::new(Sqlite::in_memory(&shared).unwrap());
        let (topic, recorder) = (service(&clock), Recorder::new(Leases::new(Arc::clone(&shared))));
        let leases = Arc::clone(&recorder.leases);
        let runtime = ConsumerRuntime::new(Arc::clone(&storage), leases)
            .recorded_by(Arc::clone(&recorder.figures));
        let consumers = Consumers { runtime, clock: Arc::clone(&shared), groups: groups() };
        let pipelines = topic.pipelines().collect();
        let intake = Intake::new(Arc::clone(&storage), groups(), shared, pipelines)
            .recorded_by(Arc::clone(&recorder.figures));
        Self { consumers: consumers.of(&topic), clock, storage, topic, recorder, intake }
    }

    /// Takes a text that somebody writes.
    pub(super) async fn write(&self, text: &str) {
        let id = MessageId::new(Token::random().as_str());
        let sender = Address::new("phones", "+14155550101", "+15005550006");
        self.intake.take(TOPIC, Incoming::new(id, sender, format!("echo {text}"))).await.unwrap();
    }

    /// Works until nothing is ready.
    pub(super) async fn settle(&self) {
        let mut idle = 0;
        while idle < self.consumers.len() {
            idle = 0;
            for (_, consumer) in &self.consumers {
                idle += usize::from(consumer.step().await.unwrap() != Step::Worked);
            }
        }
    }

    /// Returns the reporter of another process with what this one has recorded.
    pub(super) fn reporter(&self, role: &'static str) -> Arc<Reporter> {
        Arc::new(Reporter {
            storage: Arc::clone(&self.storage),
            clock: Arc::clone(&self.clock) as _,
            identity: ProcessIdentity::new(role, self.clock.now()),
            recorder: self.recorder.clone(),
            topics: vec![self.topic.clone()],
            sockets: Vec::new(),
        })
    }

    pub(super) fn operations(&self) -> Operations {
        Operations {
            services: vec![self.topic.clone()],
            storage: Arc::clone(&self.storage),
            groups: groups(),
            clock: Arc::clone(&self.clock) as _,
        }
    }

    /// Returns the count of a figure under labels that follow the topic.
    pub(super) fn count(&self, figure: &'static Figure, labels: &[&str]) -> u64 {
        self.totals().count(figure, &[&[TOPIC], labels].concat())
    }

    pub(super) fn totals(&self) -> Totals {
        Totals::of(&self.recorder.figures.snapshot())
    }
}

fn service(clock: &Arc<ManualClock>) -> TopicRuntime {
    let toml = format!(
        "[topics.{TOPIC}]\nhandler = \"echo\"\ntransport = \"phones\"\naccept_response = \"\"\n\
         validators.length.max = 100\n"
    );
    let mut registry = Registry::shipped();
    registry.transport("phones", Provider(Arc::clone(clock)));
    let (environment, errors) = (Environment::default(), ConfigErrors::default());
    let draft = DraftConfig::read("topics.toml", &toml, &environment, Purpose::Dev, &errors);
    let mut services = registry.assemble(&draft, &environment, &errors);
    errors.into_result().unwrap();
    services.remove(0)
}
