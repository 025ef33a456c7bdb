//! Simulated phones, for the tester's page and for scripts. They send through the intake of a
//! topic, and every message in and out is appended to the board.

use std::sync::Arc;

use uuid::Uuid;

use crate::contracts::storage::{Pushed, StorageError};
use crate::contracts::transport::WebhookRequest;
use crate::engine::intake::{Intake, Outcome, Refusal};
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId, Text};
use crate::model::topic::TopicName;
use crate::tester::{
    Board, BoardEntry, DeliveryOutcome, DeliveryState, PhoneMessage, TesterReply, TesterRequest,
};

/// A message that a phone sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestMessage {
    /// Message id, the same for a redelivery.
    pub id: MessageId,
    pub number: Identity,
    pub text: Text,
    pub media: Vec<Media>,
}

impl TestMessage {
    /// Makes a message with a new id and no media.
    pub fn new(number: Identity, text: impl Into<Text>) -> Self {
        let id = MessageId::new(format!("TM{}", Uuid::now_v7().simple()));
        Self { id, number, text: text.into(), media: Vec::new() }
    }
}

/// The reason why a phone could not send.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    #[error(transparent)]
    Refused(Refusal),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// All simulated phones of a deployment.
pub struct Phones {
    intake: Intake,
    board: Arc<Board>,
}

impl Phones {
    /// Connects the phones with an `intake` whose transport is the tester's.
    pub fn new(intake: Intake, board: Arc<Board>) -> Self {
        Self { intake, board }
    }

    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// Sends a message, and returns its state after the intake.
    pub async fn send(
        &self,
        topic: &TopicName,
        message: &TestMessage,
    ) -> Result<DeliveryState, PhoneError> {
        // The entry precedes those of all replies to it.
        self.append_in(topic, message, DeliveryState::Queued, None).await?;
        let request = TesterRequest::Message {
            id: message.id.clone(),
            number: message.number.clone(),
            text: message.text.clone(),
            media: message.media.clone(),
        };
        let (state, reason) = match self.intake.receive(topic.as_str(), webhook(&request)).await {
            Ok(receipt) => {
                self.append_reply(topic, message, &receipt.response.body).await?;
                state_after(receipt.outcome)
            }
            Err(Refusal::Unavailable) => {
                (DeliveryState::Refused, Some(Refusal::Unavailable.to_string()))
            }
            Err(refusal) => return Err(PhoneError::Refused(refusal)),
        };
        if state != DeliveryState::Queued {
            self.append_in(topic, message, state, reason).await?;
        }
        Ok(state)
    }

    /// Posts a delivery report for an outgoing message.
    pub async fn report(
        &self,
        topic: &TopicName,
        id: MessageId,
        outcome: DeliveryOutcome,
        code: Option<u32>,
    ) -> Result<(), PhoneError> {
        let report = TesterRequest::Report { id, outcome, code };
        let receipt = self.intake.receive(topic.as_str(), webhook(&report)).await;
        receipt.map(drop).map_err(PhoneError::Refused)
    }

    /// Clears the board: the messages of one number, or all of them.
    pub async fn clear(&self, number: Option<Identity>) -> Result<(), PhoneError> {
        let cleared = BoardEntry::Cleared { number, at: self.board.now() };
        Ok(self.board.append(&cleared).await?)
    }

    async fn append_in(
        &self,
        topic: &TopicName,
        message: &TestMessage,
        state: DeliveryState,
        reason: Option<String>,
    ) -> Result<(), StorageError> {
        let entry = BoardEntry::In(PhoneMessage {
            id: message.id.clone(),
            topic: topic.clone(),
            number: message.number.clone(),
            text: message.text.clone(),
            media: message.media.clone(),
            at: self.board.now(),
            state,
            reason,
        });
        self.board.append(&entry).await
    }

    /// Appends the reply in the webhook's response, which reaches the phone with it.
    async fn append_reply(
        &self,
        topic: &TopicName,
        message: &TestMessage,
        response: &str,
    ) -> Result<(), StorageError> {
        let Ok(TesterReply { reply: Some(text) }) = serde_json::from_str(response) else {
            return Ok(());
        };
        let entry = BoardEntry::Out(PhoneMessage {
            id: MessageId::new(format!("answer:{}", message.id)),
            topic: topic.clone(),
            number: message.number.clone(),
            text,
            media: Vec::new(),
            at: self.board.now(),
            state: DeliveryState::Delivered,
            reason: None,
        });
        self.board.append(&entry).await
    }
}

fn state_after(outcome: Outcome) -> (DeliveryState, Option<String>) {
    match outcome {
        Outcome::Pushed(Pushed::Duplicate) => (DeliveryState::Duplicate, None),
        Outcome::Pushed(Pushed::GroupFull) => {
            (DeliveryState::Refused, Some("the sender's backlog is full".to_owned()))
        }
        Outcome::Pushed(Pushed::Barred) => {
            (DeliveryState::Rejected, Some("the sender has opted out, or is barred".to_owned()))
        }
        Outcome::Pushed(Pushed::Limited) => {
            (DeliveryState::Rejected, Some("the sender writes too fast".to_owned()))
        }
        Outcome::Pushed(_) | Outcome::Noted => (DeliveryState::Queued, None),
        Outcome::Rejected(reason) => (DeliveryState::Rejected, Some(reason)),
    }
}

fn webhook(request: &TesterRequest) -> WebhookRequest {
    WebhookRequest {
        method: "POST".to_owned(),
        target: "/tester".to_owned(),
        body: serde_json::to_vec(request).expect("all keys are strings"),
        ..WebhookRequest::default()
    }
}
