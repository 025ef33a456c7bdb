//! Intake: from a provider's call to the queue, by way of the transport and the validators.

mod checks;
mod identity;
mod rejection;
mod report;
mod sockets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use self::checks::{Panicked, Verdict, catch_panic, validate};
use self::rejection::Rejection;
pub use self::sockets::answer_text;
use crate::contracts::handler::opt_out;
use crate::contracts::storage::{Entry, Partition, Push, Pushed, Storage, StorageError};
use crate::contracts::transport::{ReceiveError, Received, WebhookRequest, WebhookResponse};
use crate::engine::events::EventSource;
use crate::engine::topic::Pipeline;
use crate::model::address::GroupKey;
use crate::model::clock::Clock;
use crate::model::event::{Detail, EventKind, Fact, Facts};
use crate::model::message::{Inbound, Incoming, Mail, MessageId, Outbound};
use crate::model::topic::TopicName;

/// Longest wait for the store. A provider gives up after 15 s (Twilio), so a store that is slower
/// than this counts as unavailable.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Reason for refusing a call. Displays as the sentence for the caller, which reveals nothing about the
/// server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no such topic; the path is /queue/<topic>, with a topic that runs here")]
    UnknownTopic,
    #[error("{0}")]
    Call(ReceiveError),
    /// The queue is full or the store is unavailable: nothing was accepted.
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
}

impl Intake {
    pub fn new(
        storage: Arc<dyn Storage>,
        groups: GroupKey,
        clock: Arc<dyn Clock>,
        pipelines: Vec<Pipeline>,
    ) -> Self {
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
        Self { storage, groups, clock, pipelines: routes, events }
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
            warn!(topic.name = ?name, "call for a topic that does not run here");
            return Err(Refusal::UnknownTopic);
        };
        let request = WebhookRequest { received_at: self.clock.now(), ..request };
        match catch_panic(pipeline, "transport", || pipeline.transport.receive(&request)) {
            Ok(Ok(Received::Message(incoming))) => self.message(pipeline, *incoming).await,
            Ok(Ok(Received::Report(report))) => self.report(pipeline, &report).await,
            Ok(Ok(Received::Nothing)) => Ok(answer(pipeline, None, Outcome::Noted)),
            Ok(Err(refused)) => {
                checks::log_refused_call(pipeline, &refused);
                Err(Refusal::Call(refused))
            }
            Err(Panicked) => Err(Refusal::Failed),
        }
    }

    async fn message(&self, pipeline: &Pipeline, incoming: Incoming) -> Result<Receipt, Refusal> {
        let (message, aliases) = self.identified(pipeline, incoming).await?;
        // A keyword that the provider acts on has to reach the handler, whatever the validators think
        // of its text, and the provider has answered it.
        let verdict = match opt_out(&message) {
            Some(_) => Verdict::Valid,
            None => validate(pipeline, &message),
        };
        match verdict {
            Verdict::Valid => self.accept(pipeline, message, aliases).await,
            Verdict::Invalid { text, reason } => {
                let text = self.once(pipeline, &message, non_empty(text)).await;
                let rejection = Rejection { text, reason, aliases };
                self.reject(pipeline, &message, rejection).await
            }
        }
    }

    async fn accept(
        &self,
        pipeline: &Pipeline,
        message: Inbound,
        aliases: Vec<MessageId>,
    ) -> Result<Receipt, Refusal> {
        let partition = self.partition(pipeline, &message);
        let key = message.key();
        let reply = accept_text(pipeline, &message).filter(|_| !pipeline.replies.send_on_accept);
        let push = Push { aliases, ..self.push(pipeline, message) };
        match in_time(self.storage.push(&partition, push)).await {
            Ok(Pushed::Full) => {
                warn!(topic.name = %pipeline.topic, message.id = %key, "refused: the topic's queue is full");
                Err(Refusal::Unavailable)
            }
            // A full mailbox gets the same answer: another one would show a flooder where the limit
            // is, and each text of ours costs money.
            Ok(outcome @ (Pushed::Accepted | Pushed::Duplicate | Pushed::GroupFull)) => {
                info!(topic.name = %pipeline.topic, message.id = %key, ?outcome, "message accepted");
                Ok(answer(pipeline, reply, Outcome::Pushed(outcome)))
            }
            Err(error) => {
                error!(topic.name = %pipeline.topic, message.id = %key, %error, "refused: not stored");
                Err(Refusal::Unavailable)
            }
        }
    }

    fn push(&self, pipeline: &Pipeline, message: Inbound) -> Push {
        let received = Fact { kind: EventKind::Received, at: Some(message.received_at) };
        let validated = Fact { kind: EventKind::Validated, at: Some(self.clock.now()) };
        let kinds = vec![received, validated, EventKind::Queued.into()];
        let event = self.events(pipeline).and_then(|events| events.received(&message));
        let outbox = self.accept_message(pipeline, &message).into_iter().chain(event).collect();
        let facts = facts(pipeline, &message, kinds, None);
        Push { outbox, facts, ..Push::unrecorded(self.entry(message), &pipeline.limits) }
    }

    fn events(&self, pipeline: &Pipeline) -> Option<&EventSource> {
        self.events.get(&pipeline.topic)
    }

    fn entry(&self, message: Inbound) -> Entry {
        let (group, id) = (self.groups.group(&message.sender), message.key());
        let payload = serde_json::to_string(&Mail::Message(Box::new(message)))
            .expect("a message is strings throughout");
        Entry { group, id, payload }
    }

    /// Outgoing accept text of a topic with `send_on_accept`, or of a transport that sends no text in
    /// its answer. It goes into the outbox in the step
    /// that stores the message, so that it is sent once, for a duplicate too.
    fn accept_message(&self, pipeline: &Pipeline, message: &Inbound) -> Option<Entry> {
        let text = accept_text(pipeline, message)?;
        let is_message = pipeline.replies.send_on_accept || !pipeline.transport.sends_in_answer();
        is_message.then(|| {
            // It is no answer of the handler's, so the message's record does not wait for it, and a
            // repetition of the message is still one.
            let outbound = Outbound::new(message.sender.clone(), text.into(), Vec::new(), None);
            Entry::owed(&outbound, &self.groups)
        })
    }

    fn partition(&self, pipeline: &Pipeline, message: &Inbound) -> Partition {
        let number = self.groups.partition(&message.sender, pipeline.limits.partitions);
        Partition { topic: pipeline.topic.clone(), number }
    }
}

fn answer(pipeline: &Pipeline, text: Option<&str>, outcome: Outcome) -> Receipt {
    Receipt { response: pipeline.transport.answer(text), outcome }
}

/// Returns the text that acknowledges a message: none for an opt-out keyword, which the provider has
/// answered.
fn accept_text<'p>(pipeline: &'p Pipeline, message: &Inbound) -> Option<&'p str> {
    non_empty(&pipeline.replies.accept_response).filter(|_| opt_out(message).is_none())
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
