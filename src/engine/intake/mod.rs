//! Intake: from a provider's call to the queue, by way of the transport and the validators.

mod accept;
mod checks;
mod door;
mod identity;
mod media;
mod missed;
mod observe;
mod own_lines;
mod rejection;
mod report;
mod sockets;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use self::checks::{Panicked, catch_panic};
use self::missed::Way;
use self::own_lines::OwnLines;
pub use self::sockets::answer_text;
use crate::contracts::figures::Figures;
use crate::contracts::storage::{Partition, Pushed, Storage, StorageError};
use crate::contracts::transport::{
    DynTransport, ReceiveError, Received, WebhookRequest, WebhookResponse,
};
use crate::engine::events::EventSource;
use crate::engine::overload::{Backlog, Overload};
use crate::engine::samples::Samples;
use crate::engine::topic::Pipeline;
use crate::model::address::Address;
use crate::model::address::GroupKey;
use crate::model::clock::Clock;
use crate::model::event::{Detail, Fact, Facts};
use crate::model::message::{Inbound, Incoming};
use crate::model::network::network;
use crate::model::topic::TopicName;

/// Longest wait for the store. A provider gives up after 15 s (Twilio), so a store that is slower
/// than this counts as unavailable.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Time in which at most one warning about the calls of a network is logged.
const WARNING_INTERVAL: Duration = Duration::from_mins(1);

/// Reason for refusing a call. Displays as the sentence for the caller, which reveals nothing about the
/// server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no such topic; the path is /queue/<topic>, with a topic that runs here")]
    UnknownTopic,
    #[error("{0}")]
    Call(ReceiveError),
    /// The queue is full or too old, too many calls are in hand, or the store is unavailable: nothing was
    /// accepted.
    #[error("not taken, too much is waiting or the store is away; send it again later")]
    Unavailable,
    /// The transport panicked: nothing was accepted.
    #[error("the server failed on this call; send it again later")]
    Failed,
}

/// Answer to a call, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub response: WebhookResponse,
    pub outcome: Outcome,
}

/// Outcome of a call that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A message was stored, was stored before, or had no room in its sender's mailbox.
    Pushed(Pushed),
    /// A validator rejected the message: its name, and the reason.
    Rejected(String),
    /// The call was a delivery report, or needed nothing done.
    Noted,
}

/// Intake of all topics.
pub struct Intake {
    storage: Arc<dyn Storage>,
    groups: GroupKey,
    clock: Arc<dyn Clock>,
    /// By `<topic>/<transport>`, and by `<topic>` for its first transport.
    pipelines: BTreeMap<String, Arc<Pipeline>>,
    /// Sources of the topics that report events.
    events: BTreeMap<TopicName, EventSource>,
    own_lines: OwnLines,
    overload: Arc<Overload>,
    /// Warnings about calls that are refused, by the network of the caller.
    warnings: Samples<IpAddr>,
    figures: Arc<Figures>,
}

impl Intake {
    pub fn new(
        storage: Arc<dyn Storage>,
        groups: GroupKey,
        clock: Arc<dyn Clock>,
        pipelines: Vec<Pipeline>,
    ) -> Self {
        let own_lines = OwnLines::of(&pipelines);
        let (mut routes, mut events) = (BTreeMap::new(), BTreeMap::new());
        for pipeline in pipelines.into_iter().map(Arc::new) {
            if !pipeline.events.is_empty() {
                let (topic, reported) = (pipeline.topic.clone(), pipeline.events.clone());
                let source =
                    EventSource::new(topic.clone(), reported, groups.clone(), Arc::clone(&clock));
                events.insert(topic, source);
            }
            let topic = pipeline.topic.to_string();
            routes.insert(format!("{topic}/{}", pipeline.transport_name), Arc::clone(&pipeline));
            routes.entry(topic).or_insert(pipeline);
        }
        Self {
            overload: overload(&storage, &clock, &Arc::default()),
            storage,
            groups,
            clock,
            pipelines: routes,
            events,
            own_lines,
            warnings: Samples::every(WARNING_INTERVAL),
            figures: Arc::default(),
        }
    }

    /// Records into the figures of the process.
    #[must_use]
    pub fn recorded_by(self, figures: Arc<Figures>) -> Self {
        Self { overload: overload(&self.storage, &self.clock, &figures), figures, ..self }
    }

    /// Returns the limits of what is taken in, which requests of programs share with webhooks.
    pub fn overload(&self) -> Arc<Overload> {
        Arc::clone(&self.overload)
    }

    /// Returns the ages of the backlogs, which somebody must look at for as long as calls come.
    pub fn backlog(&self) -> Arc<Backlog> {
        self.overload.backlog()
    }

    /// Returns the topics whose messages are taken in.
    pub fn topics(&self) -> BTreeSet<&TopicName> {
        self.pipelines.values().map(|pipeline| &pipeline.topic).collect()
    }

    /// Answers one call. A message whose answer accepts it is durable by then; a duplicate gets the
    /// answer of the first and changes nothing.
    ///
    /// `route` is `<topic>`, or `<topic>/<transport>` for another than its first transport.
    ///
    /// # Errors
    /// The call was not accepted, and has had no effect.
    pub async fn receive(&self, route: &str, request: WebhookRequest) -> Result<Receipt, Refusal> {
        let Some(pipeline) = self.pipelines.get(route) else {
            // A caller may put anything into a path: cut, and with its control characters escaped.
            let name: String = route.chars().take(64).collect();
            if let Some(suppressed) = self.suppressed_warnings(&request) {
                warn!(topic.name = ?name, suppressed, "call for a topic that does not run here");
            }
            return Err(Refusal::UnknownTopic);
        };
        let request = WebhookRequest { received_at: self.clock.now(), ..request };
        let begun = self.clock.uptime();
        // Before anything is hashed: a call that is refused costs next to nothing.
        let answer = match self.overload.place(&pipeline.topic) {
            Some(_place) => Box::pin(self.call(pipeline, request)).await,
            None => Err(Refusal::Unavailable),
        };
        self.observe(pipeline, begun, &answer);
        answer
    }

    /// Takes one message that a program writes in the place of a person, as [`Intake::receive`] takes a
    /// webhook's.
    ///
    /// # Errors
    /// The message was not accepted, and has had no effect.
    pub async fn written(&self, route: &str, incoming: Incoming) -> Result<Receipt, Refusal> {
        let topic = &self.pipeline(route)?.topic;
        let _place = self.overload.place(topic).ok_or(Refusal::Unavailable)?;
        self.take(route, incoming).await
    }

    async fn call(&self, pipeline: &Pipeline, request: WebhookRequest) -> Result<Receipt, Refusal> {
        match catch_panic(pipeline, "transport", || pipeline.transport.receive(&request)) {
            Ok(Ok(Received::Message(incoming))) => {
                self.own_lines.learn(&incoming.sender);
                self.message(pipeline, *incoming, Way::Call).await
            }
            Ok(Ok(Received::Report(report))) => self.report(pipeline, report).await,
            Ok(Ok(Received::Nothing)) => Ok(answer(pipeline, None, Outcome::Noted)),
            Ok(Err(refused)) => {
                if let Some(suppressed) = self.suppressed_warnings(&request) {
                    checks::log_refused_call(pipeline, &refused, suppressed);
                }
                Err(Refusal::Call(refused))
            }
            Err(Panicked) => Err(Refusal::Failed),
        }
    }

    /// Returns the number of warnings about a caller that were suppressed before this one; nothing when
    /// this one is.
    fn suppressed_warnings(&self, request: &WebhookRequest) -> Option<u64> {
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        self.warnings.count(network(request.client.unwrap_or(unknown)), self.clock.uptime())
    }

    /// Returns the transports that bring messages, each with its route and topic.
    pub(super) fn transports(
        &self,
    ) -> impl Iterator<Item = (&str, &TopicName, &Arc<dyn DynTransport>)> {
        let full = self.pipelines.iter().filter(|(route, _)| route.contains('/'));
        full.map(|(route, pipeline)| (route.as_str(), &pipeline.topic, &pipeline.transport))
    }

    fn partition(&self, pipeline: &Pipeline, person: &Address) -> Partition {
        Partition::of(&pipeline.topic, person, &self.groups, pipeline.limits.partitions)
    }
}

fn overload(
    storage: &Arc<dyn Storage>,
    clock: &Arc<dyn Clock>,
    figures: &Arc<Figures>,
) -> Arc<Overload> {
    Arc::new(Overload::new(Arc::clone(storage), Arc::clone(clock), Arc::clone(figures)))
}

fn answer(pipeline: &Pipeline, text: Option<&str>, outcome: Outcome) -> Receipt {
    Receipt { response: pipeline.transport.answer(text), outcome }
}

/// An empty text in a topic's configuration means that nothing is sent.
fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn facts(
    pipeline: &Pipeline,
    message: &Inbound,
    facts: Vec<Fact>,
    reason: Option<String>,
) -> Facts {
    let detail = Detail { address: Some(message.sender.clone()), reason, ..Detail::default() };
    let max_records = pipeline.limits.max_records;
    Facts { message: message.key(), facts, detail, max_records }
}

async fn in_time<T>(
    call: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    tokio::time::timeout(STORE_TIMEOUT, call).await.unwrap_or_else(|_| {
        Err(StorageError::Unavailable(format!("no answer within {STORE_TIMEOUT:?}")))
    })
}
