//! From a provider's call to the queue: transport, validators, push, answer.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use crate::contracts::handler::opt_out;
use crate::contracts::storage::{Entry, Partition, Push, Pushed, Storage, StorageError};
use crate::contracts::transport::{
    DeliveryStatus, ReceiveError, Received, Report, WebhookRequest, WebhookResponse,
};
use crate::engine::topic::{BoundValidator, Pipeline};
use crate::model::address::GroupKey;
use crate::model::clock::Clock;
use crate::model::event::{Detail, EventKind, Fact, Facts};
use crate::model::message::{Inbound, Incoming, Mail, MessageId, OptOut, Outbound};

/// A provider gives up after 15 s (Twilio), so a store that is slower than this is as good as away.
const STORE_DEADLINE: Duration = Duration::from_secs(2);

impl Pipeline {
    fn answer(&self, text: Option<&str>, outcome: Outcome) -> Receipt {
        Receipt { response: self.transport.answer(text), outcome }
    }
}

/// Why a call gets no answer of its transport's. Displays as the sentence for whoever called, which
/// says nothing about our insides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no such topic; the path is /queue/<topic>, with a topic that runs here")]
    UnknownTopic,
    #[error("{0}")]
    Call(ReceiveError),
    /// Full, or the store is away: nothing was taken, and the call is worth making again.
    #[error("not taken, too much is waiting or the store is away; send it again later")]
    Unavailable,
}

/// What came of a call, and what is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub response: WebhookResponse,
    pub outcome: Outcome,
}

/// What came of a call that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A message was stored, or was there already, or had no room in its sender's mailbox.
    Pushed(Pushed),
    /// A validator refused it: its name, and why.
    Rejected(String),
    /// A delivery report, or nothing to do about it.
    Noted,
    /// Our own code failed on it.
    Broken,
}

/// Takes messages in, for every topic.
pub struct Intake {
    storage: Arc<dyn Storage>,
    groups: GroupKey,
    clock: Arc<dyn Clock>,
    /// By `<topic>/<transport>`, and by `<topic>` for its first transport.
    pipelines: BTreeMap<String, Arc<Pipeline>>,
}

impl Intake {
    pub fn new(
        storage: Arc<dyn Storage>,
        groups: GroupKey,
        clock: Arc<dyn Clock>,
        pipelines: Vec<Pipeline>,
    ) -> Self {
        let mut routes = BTreeMap::new();
        for pipeline in pipelines.into_iter().map(Arc::new) {
            let topic = pipeline.topic.to_string();
            routes.insert(format!("{topic}/{}", pipeline.transport_name), Arc::clone(&pipeline));
            routes.entry(topic).or_insert(pipeline);
        }
        Self { storage, groups, clock, pipelines: routes }
    }

    /// Answers one call. What an accepting answer confirms is durable by then; a duplicate is
    /// answered as its first was, and changes nothing.
    ///
    /// `route` is `<topic>`, or `<topic>/<transport>` for another than its first transport.
    pub async fn receive(&self, route: &str, request: WebhookRequest) -> Result<Receipt, Refusal> {
        let Some(pipeline) = self.pipelines.get(route) else {
            // Anybody may put anything into a path: cut, and with its control characters escaped.
            let name: String = route.chars().take(64).collect();
            warn!(topic.name = ?name, "a call for a topic that does not run here");
            return Err(Refusal::UnknownTopic);
        };
        match unbroken(pipeline, "transport", || pipeline.transport.receive(&request)) {
            Ok(Ok(Received::Message(incoming))) => self.message(pipeline, *incoming).await,
            Ok(Ok(Received::Report(report))) => self.report(pipeline, &report).await,
            Ok(Ok(Received::Nothing)) => Ok(pipeline.answer(None, Outcome::Noted)),
            Ok(Err(refused)) => {
                log_refused_call(pipeline, &refused);
                Err(Refusal::Call(refused))
            }
            Err(Broken) => {
                Ok(pipeline.answer(said(&pipeline.replies.error_response), Outcome::Broken))
            }
        }
    }

    async fn message(&self, pipeline: &Pipeline, incoming: Incoming) -> Result<Receipt, Refusal> {
        let message = Inbound::new(pipeline.topic.clone(), self.clock.now(), incoming);
        match judge(pipeline, &message) {
            Verdict::Valid => self.accept(pipeline, message).await,
            Verdict::Invalid { text, reason } => {
                self.record_rejection(pipeline, &message, &reason).await;
                Ok(pipeline.answer(said(text), Outcome::Rejected(reason)))
            }
        }
    }

    async fn accept(&self, pipeline: &Pipeline, message: Inbound) -> Result<Receipt, Refusal> {
        let partition = self.partition(pipeline, &message);
        let id = message.id.clone();
        let push = self.push_of(pipeline, message);
        match deadline(self.storage.push(&partition, push)).await {
            Ok(Pushed::Full) => {
                warn!(topic.name = %pipeline.topic, message.id = %id, "refused: the topic's queue is full");
                Err(Refusal::Unavailable)
            }
            // Whoever's mailbox is full learns nothing by it: an answer that differs would tell a
            // flooder where the limit is, and each text of ours costs money.
            Ok(outcome @ (Pushed::Accepted | Pushed::Duplicate | Pushed::GroupFull)) => {
                info!(topic.name = %pipeline.topic, message.id = %id, ?outcome, "message taken");
                Ok(pipeline.answer(accept_text(pipeline), Outcome::Pushed(outcome)))
            }
            Err(error) => {
                error!(topic.name = %pipeline.topic, message.id = %id, %error, "refused: not stored");
                Err(Refusal::Unavailable)
            }
        }
    }

    fn push_of(&self, pipeline: &Pipeline, message: Inbound) -> Push {
        let received = Fact { kind: EventKind::Received, at: Some(message.received_at) };
        let validated = Fact { kind: EventKind::Validated, at: Some(self.clock.now()) };
        Push {
            facts: facts(
                pipeline,
                &message,
                vec![received, validated, EventKind::Queued.into()],
                None,
            ),
            outbox: self.owed_on_accept(pipeline, &message).into_iter().collect(),
            entry: self.entry(message),
            max_depth: pipeline.limits.max_depth,
            max_group_depth: pipeline.limits.max_group_depth,
        }
    }

    fn entry(&self, message: Inbound) -> Entry {
        let group = self.groups.group(&message.sender);
        // Two providers may use one id.
        let id = MessageId::new(format!("{}:{}", message.sender.transport, message.id));
        let payload = serde_json::to_string(&Mail::Message(Box::new(message)))
            .expect("a message is strings throughout");
        Entry { group, id, payload }
    }

    /// With `send_on_accept` the accept text leaves through the provider's API: it is owed in the
    /// step that takes the message, so that it is sent once, for a duplicate too.
    fn owed_on_accept(&self, pipeline: &Pipeline, message: &Inbound) -> Option<Entry> {
        let text = said(&pipeline.replies.accept_response)?;
        pipeline.replies.send_on_accept.then(|| {
            // It is no part of what the handler owes, so the message's record does not wait for it.
            let outbound = Outbound::new(message.sender.clone(), text.into(), Vec::new(), None);
            Entry::owed(&outbound, &self.groups)
        })
    }

    /// A refused message is answered even if the store cannot be told of it: nothing is lost by that
    /// but a line of the record.
    async fn record_rejection(&self, pipeline: &Pipeline, message: &Inbound, reason: &str) {
        info!(topic.name = %pipeline.topic, message.id = %message.id, reason, "message refused");
        let partition = self.partition(pipeline, message);
        let received = Fact { kind: EventKind::Received, at: Some(message.received_at) };
        let rejected = vec![received, EventKind::Rejected.into()];
        let facts = facts(pipeline, message, rejected, Some(reason.to_owned()));
        if let Err(error) = deadline(self.storage.record(&partition, facts)).await {
            warn!(topic.name = %pipeline.topic, message.id = %message.id, %error, "refusal not recorded");
        }
    }

    async fn report(&self, pipeline: &Pipeline, report: &Report) -> Result<Receipt, Refusal> {
        let recorded = match report_facts(pipeline, report) {
            Some(facts) => self.record_report(pipeline, facts).await,
            None => Ok(()),
        };
        match recorded {
            Ok(()) => {
                let response =
                    WebhookResponse { status: 204, content_type: None, body: String::new() };
                Ok(Receipt { response, outcome: Outcome::Noted })
            }
            Err(error) => {
                error!(topic.name = %pipeline.topic, %error, "delivery report not recorded");
                Err(Refusal::Unavailable)
            }
        }
    }

    async fn record_report(&self, pipeline: &Pipeline, facts: Facts) -> Result<(), StorageError> {
        // A report does not say where the message lives that it goes back to. Whoever reads a
        // message's record reads it from every partition, so any one will do.
        let partition = Partition { topic: pipeline.topic.clone(), number: 0 };
        deadline(self.storage.record(&partition, facts)).await
    }

    fn partition(&self, pipeline: &Pipeline, message: &Inbound) -> Partition {
        let number = self.groups.partition(&message.sender, pipeline.limits.partitions);
        Partition { topic: pipeline.topic.clone(), number }
    }
}

/// Our own code failed on this call, and said so in the log.
struct Broken;

/// A panic of a transport or a validator must cost one message its way, not the caller their answer.
fn unbroken<T>(pipeline: &Pipeline, part: &str, work: impl FnOnce() -> T) -> Result<T, Broken> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        error!(topic.name = %pipeline.topic, part, "panicked; the sender gets the error text");
        Broken
    })
}

fn log_refused_call(pipeline: &Pipeline, refused: &ReceiveError) {
    match refused {
        // The query may hold a message, so the log gets the URL up to it.
        ReceiveError::Forged { signed_url } => warn!(
            topic.name = %pipeline.topic,
            signed.url = signed_url.split('?').next().unwrap_or_default(),
            signed.with_query = signed_url.contains('?'),
            "signature does not match: is this the URL that the provider calls, to the letter, and \
             is the auth token (not an API key) the account's? PUBLIC_URL sets scheme and host",
        ),
        other => warn!(topic.name = %pipeline.topic, error = %other, "call refused"),
    }
}

enum Verdict<'p> {
    Valid,
    Invalid { text: &'p str, reason: String },
}

fn judge<'p>(pipeline: &'p Pipeline, message: &Inbound) -> Verdict<'p> {
    // An opt-out has to reach the handler, however the topic wants its texts to look.
    if opt_out(message) == Some(OptOut::Stop) {
        return Verdict::Valid;
    }
    for BoundValidator { name, text, validator } in &pipeline.validators {
        match unbroken(pipeline, name, || validator.validate(message)) {
            Ok(Ok(())) => {}
            Ok(Err(rejection)) => {
                return Verdict::Invalid { text, reason: format!("{name}: {rejection}") };
            }
            Err(Broken) => {
                let text = &pipeline.replies.error_response;
                return Verdict::Invalid { text, reason: format!("{name}: panicked") };
            }
        }
    }
    Verdict::Valid
}

/// What the answer to an accepted message says: exactly one of it and the outbox speaks.
fn accept_text(pipeline: &Pipeline) -> Option<&str> {
    if pipeline.replies.send_on_accept {
        return None;
    }
    said(&pipeline.replies.accept_response)
}

/// An empty text is how a topic says nothing.
fn said(text: &str) -> Option<&str> {
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
    Facts { message: message.id.clone(), facts, detail, max_records }
}

/// What a report adds to the record of the message that it goes back to, if it says which.
fn report_facts(pipeline: &Pipeline, report: &Report) -> Option<Facts> {
    let kind = match report.status {
        DeliveryStatus::Underway => return None,
        DeliveryStatus::Sent => EventKind::Sent,
        DeliveryStatus::Delivered => EventKind::Delivered,
        DeliveryStatus::Failed => EventKind::Failed,
    };
    let detail = Detail {
        outbound: report.message.clone(),
        provider_id: Some(report.provider_id.clone()),
        reason: report.code.map(|code| format!("the provider's code is {code}")),
        ..Detail::default()
    };
    // What the lobby says is owed for no message, and has a record under its own id.
    let message = report.cause.clone().or_else(|| report.message.clone())?;
    Some(Facts::new(message, &[kind], detail, pipeline.limits.max_records))
}

async fn deadline<T>(
    call: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    tokio::time::timeout(STORE_DEADLINE, call).await.unwrap_or_else(|_| {
        Err(StorageError::Unavailable(format!("no answer within {STORE_DEADLINE:?}")))
    })
}
