//! The tester's phones: a provider that is a log which everybody may read, for trying things out
//! without an account. What is sent to one of its numbers stands on the [`Board`], in every state it
//! goes through; what can go wrong with a real provider goes wrong here when it is told to.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::contracts::handler::HandledObserver;
use crate::contracts::transport::{
    DeliveryStatus, ReceiveError, Received, Report, SendError, SentReceipt, Transport,
    WebhookRequest, WebhookResponse,
};
use crate::model::address::Address;
use crate::model::message::{Inbound, Incoming, MessageId, Outbound};
use crate::model::topic::TopicName;

use super::board::Board;
use super::call::{Answer, Call, Delivery};
use super::fault::Trouble;
use super::record::{Record, Said, State};
use crate::engine::topic::TopicRuntime;

pub const NAME: &str = "tester";

/// How long a slow provider takes: long enough to be seen, well below the time that a send may take.
const SLOW: Duration = Duration::from_secs(3);

/// The phones of one topic.
pub struct Tester {
    topic: TopicName,
    board: Arc<Board>,
}

/// Makes the tester's phones reachable from a topic.
pub fn attach(topic: &TopicRuntime, board: &Arc<Board>) -> TopicRuntime {
    let tester = Arc::new(Tester::new(topic.config.name.clone(), Arc::clone(board)));
    TopicRuntime {
        transports: topic.transports.clone().with(NAME, Arc::clone(&tester) as _),
        observer: Some(tester),
        ..topic.clone()
    }
}

impl Tester {
    pub fn new(topic: TopicName, board: Arc<Board>) -> Self {
        Self { topic, board }
    }

    async fn show(
        &self,
        message: &Outbound,
        state: State,
        reason: Option<&str>,
    ) -> Result<(), SendError> {
        let record = Record::Out(Said {
            id: message.id.clone(),
            topic: self.topic.clone(),
            number: message.to.identity.clone(),
            text: message.text.clone(),
            media: message.media.clone(),
            at: self.board.now(),
            state,
            reason: reason.map(str::to_owned),
        });
        self.board.add(&record).await.map_err(|error| SendError::NotSent(error.to_string()))
    }

    async fn take(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        self.show(message, State::Sent, None).await?;
        // It has arrived by standing there. Should this line get lost, nothing else does.
        let _ = self.show(message, State::Delivered, None).await;
        Ok(sent(message))
    }

    async fn refuse(&self, message: &Outbound, error: SendError) -> Result<SentReceipt, SendError> {
        let lasting = matches!(error, SendError::Recipient { .. });
        let state = if lasting { State::Failed } else { State::Queued };
        self.show(message, state, Some(&error.to_string())).await?;
        Err(error)
    }
}

#[async_trait]
impl Transport for Tester {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        let malformed =
            |_| ReceiveError::Malformed("a tester's call is JSON of its own".to_owned());
        match serde_json::from_slice(&request.body).map_err(malformed)? {
            Call::Message { id, number, text, media } => {
                Ok(Received::Message(Box::new(Incoming {
                    id,
                    sender: Address {
                        transport: NAME.to_owned(),
                        identity: number,
                        line: crate::model::address::Identity::new(self.topic.as_str()),
                    },
                    text,
                    media,
                    origin: crate::model::message::Origin::default(),
                    opt_out: None,
                    parameters: crate::model::message::Parameters::default(),
                })))
            }
            Call::Report { id, delivery, code } => Ok(Received::Report(Report {
                provider_id: provider_id(&id),
                message: Some(id),
                cause: None,
                status: match delivery {
                    Delivery::Delivered => DeliveryStatus::Delivered,
                    Delivery::Failed => DeliveryStatus::Failed,
                },
                code,
            })),
        }
    }

    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        let answer = Answer { reply: text.map(Into::into) };
        WebhookResponse {
            status: 200,
            content_type: Some("application/json"),
            body: serde_json::to_string(&answer).expect("a text has a JSON form"),
        }
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        let away =
            |error: crate::contracts::storage::StorageError| SendError::NotSent(error.to_string());
        match self.board.trouble_of(&message.to.identity).await.map_err(away)? {
            Trouble::None => self.take(message).await,
            Trouble::Slow => {
                self.show(message, State::Queued, Some("the provider takes its time")).await?;
                tokio::time::sleep(SLOW).await;
                self.take(message).await
            }
            Trouble::Lossy => {
                self.take(message).await?;
                Err(SendError::Ambiguous("the answer was lost on its way".to_owned()))
            }
            Trouble::Failing => {
                self.refuse(message, SendError::NotSent("the provider is down".to_owned())).await
            }
            Trouble::Throttled => {
                self.refuse(message, SendError::Throttled { retry_after: None }).await
            }
            Trouble::Undeliverable => {
                let reason = "nothing can be delivered to this number".to_owned();
                self.refuse(message, SendError::Recipient { code: 21614, reason }).await
            }
            Trouble::OptedOut => {
                let reason = "the recipient has opted out".to_owned();
                self.refuse(message, SendError::Recipient { code: 21610, reason }).await
            }
        }
    }

    async fn find(
        &self,
        message: &Outbound,
        _: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError> {
        let taken = self.board.has_taken(&message.id).await;
        let taken = taken.map_err(|error| SendError::NotSent(error.to_string()))?;
        Ok(Some(taken.then(|| sent(message)).into_iter().collect()))
    }
}

#[async_trait]
impl HandledObserver for Tester {
    async fn handled(&self, message: &Inbound) {
        if message.sender.transport != NAME {
            return;
        }
        let record = Record::In(Said {
            id: message.id.clone(),
            topic: message.topic.clone(),
            number: message.sender.identity.clone(),
            text: message.text.clone(),
            media: message.media.clone(),
            at: self.board.now(),
            state: State::Handled,
            reason: None,
        });
        // It is handled all the same; only nobody sees it.
        let _ = self.board.add(&record).await;
    }
}

fn sent(message: &Outbound) -> SentReceipt {
    SentReceipt { provider_id: provider_id(&message.id) }
}

/// One that no real provider gives.
fn provider_id(message: &MessageId) -> String {
    format!("tester:{message}")
}
