//! The tester's transport: a provider without an account. It accepts a message by appending it to
//! the [`Board`], in every state that it goes through, and simulates the injected [`Fault`]s.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::board::Board;
use super::entry::{BoardEntry, DeliveryState, PhoneMessage};
use super::fault::Fault;
use super::request::{DeliveryOutcome, TesterReply, TesterRequest};
use crate::contracts::handler::HandledObserver;
use crate::contracts::storage::StorageError;
use crate::contracts::transport::{
    DeliveryStatus, ReceiveError, Received, Report, SendError, SentReceipt, Transport,
    WebhookRequest, WebhookResponse,
};
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Address, Identity};
use crate::model::message::{
    Inbound, Incoming, Media, MessageId, Origin, Outbound, Parameters, Text,
};
use crate::model::topic::TopicName;

/// Name of the transport in addresses.
pub const TRANSPORT_NAME: &str = "tester";

/// Delay of [`Fault::Slow`]: long enough to be seen, well below the time limit of a send.
const SLOW_DELAY: Duration = Duration::from_secs(3);

/// The transport between a topic and the simulated phones.
pub struct TesterTransport {
    topic: TopicName,
    board: Arc<Board>,
}

/// Adds the tester's transport to a topic, beside its own.
pub fn attach(topic: &TopicRuntime, board: &Arc<Board>) -> TopicRuntime {
    let tester = Arc::new(TesterTransport::new(topic.config.name.clone(), Arc::clone(board)));
    TopicRuntime {
        transports: topic.transports.clone().with(TRANSPORT_NAME, Arc::clone(&tester) as _),
        observer: Some(tester),
        ..topic.clone()
    }
}

impl TesterTransport {
    pub fn new(topic: TopicName, board: Arc<Board>) -> Self {
        Self { topic, board }
    }

    async fn append(
        &self,
        message: &Outbound,
        state: DeliveryState,
        reason: Option<&str>,
    ) -> Result<(), SendError> {
        let entry = BoardEntry::Out(PhoneMessage {
            id: message.id.clone(),
            topic: self.topic.clone(),
            number: message.to.identity.clone(),
            text: message.text.clone(),
            media: message.media.clone(),
            at: self.board.now(),
            state,
            reason: reason.map(str::to_owned),
        });
        self.board.append(&entry).await.map_err(not_sent)
    }

    async fn accept(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        self.append(message, DeliveryState::Sent, None).await?;
        // The entry above is the delivery. A lost update of its state loses no message.
        let _ = self.append(message, DeliveryState::Delivered, None).await;
        Ok(receipt(message))
    }

    async fn refuse(&self, message: &Outbound, error: SendError) -> Result<SentReceipt, SendError> {
        let is_permanent = matches!(error, SendError::Recipient { .. });
        let state = if is_permanent { DeliveryState::Failed } else { DeliveryState::Queued };
        self.append(message, state, Some(&error.to_string())).await?;
        Err(error)
    }

    /// Sends under a fault.
    async fn send_with(&self, fault: Fault, message: &Outbound) -> Result<SentReceipt, SendError> {
        match fault {
            Fault::None => self.accept(message).await,
            Fault::Slow => {
                self.append(message, DeliveryState::Queued, Some("the provider is slow")).await?;
                tokio::time::sleep(SLOW_DELAY).await;
                self.accept(message).await
            }
            Fault::Lossy => {
                self.accept(message).await?;
                Err(SendError::Ambiguous("the provider's response was lost".to_owned()))
            }
            Fault::Failing => {
                self.refuse(message, SendError::NotSent("the provider is down".to_owned())).await
            }
            Fault::Throttled => {
                self.refuse(message, SendError::Throttled { retry_after: None }).await
            }
            Fault::Undeliverable => {
                let reason = "nothing can be delivered to this number".to_owned();
                self.refuse(message, SendError::Recipient { code: 21614, reason }).await
            }
            Fault::OptedOut => {
                let reason = "the recipient has opted out".to_owned();
                self.refuse(message, SendError::Recipient { code: 21610, reason }).await
            }
        }
    }

    fn incoming(&self, id: MessageId, number: Identity, text: Text, media: Vec<Media>) -> Incoming {
        Incoming {
            id,
            sender: Address {
                transport: TRANSPORT_NAME.to_owned(),
                identity: number,
                line: Identity::new(self.topic.as_str()),
            },
            text,
            media,
            origin: Origin::default(),
            opt_out: None,
            parameters: Parameters::default(),
            sent_at: None,
        }
    }
}

impl Transport for TesterTransport {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        let malformed =
            |_| ReceiveError::Malformed("not a webhook of the tester; send its JSON".to_owned());
        match serde_json::from_slice(&request.body).map_err(malformed)? {
            TesterRequest::Message { id, number, text, media } => {
                Ok(Received::Message(Box::new(self.incoming(id, number, text, media))))
            }
            TesterRequest::Report { id, outcome, code } => {
                let status = match outcome {
                    DeliveryOutcome::Delivered => DeliveryStatus::Delivered,
                    DeliveryOutcome::Failed => DeliveryStatus::Failed,
                };
                let mut report = Report::new(provider_id(&id), status);
                report.message = Some(id);
                report.code = code;
                Ok(Received::Report(report))
            }
        }
    }

    fn sends_in_answer(&self) -> bool {
        true
    }

    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        let reply = TesterReply { reply: text.map(Into::into) };
        WebhookResponse {
            status: 200,
            content_type: Some("application/json"),
            body: serde_json::to_string(&reply).expect("a text has a JSON form"),
        }
    }

    fn line(&self) -> Option<&str> {
        Some(self.topic.as_str())
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        let fault = self.board.fault_for(&message.to.identity).await.map_err(not_sent)?;
        self.send_with(fault, message).await
    }

    async fn find(
        &self,
        message: &Outbound,
        _: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError> {
        let is_accepted = self.board.has_accepted(&message.id).await.map_err(not_sent)?;
        Ok(Some(is_accepted.then(|| receipt(message)).into_iter().collect()))
    }
}

#[async_trait]
impl HandledObserver for TesterTransport {
    fn transport(&self) -> &str {
        TRANSPORT_NAME
    }

    async fn handled(&self, message: &Inbound) {
        let entry = BoardEntry::In(PhoneMessage {
            id: message.id.clone(),
            topic: message.topic.clone(),
            number: message.sender.identity.clone(),
            text: message.text.clone(),
            media: message.media.clone(),
            at: self.board.now(),
            state: DeliveryState::Handled,
            reason: None,
        });
        // A lost entry leaves the state on the page behind; the message itself is handled.
        let _ = self.board.append(&entry).await;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of map_err")]
fn not_sent(error: StorageError) -> SendError {
    SendError::NotSent(error.to_string())
}

fn receipt(message: &Outbound) -> SentReceipt {
    SentReceipt::new(provider_id(&message.id))
}

/// Provider id with a prefix that no real provider uses.
fn provider_id(message: &MessageId) -> String {
    format!("tester:{message}")
}
