//! Phones in our own hands, for the tester's page and for scripts: what they send goes the way of
//! every message, and everything in and out stands on the board.

use std::sync::Arc;

use uuid::Uuid;

use crate::contracts::storage::{Pushed, StorageError};
use crate::contracts::transport::WebhookRequest;
use crate::engine::intake::{Intake, Outcome, Refusal};
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId, Text};
use crate::model::topic::TopicName;
use crate::tester::{Answer, Board, Call, Delivery, Record, Said, State};

/// What a phone sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same for one that is delivered again.
    pub id: MessageId,
    pub number: Identity,
    pub text: Text,
    pub media: Vec<Media>,
}

impl Message {
    pub fn new(number: Identity, text: impl Into<Text>) -> Self {
        let id = MessageId::new(format!("TM{}", Uuid::now_v7().simple()));
        Self { id, number, text: text.into(), media: Vec::new() }
    }
}

/// Why a phone got nowhere.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    #[error(transparent)]
    Refused(Refusal),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Every phone of a deployment, in every topic.
pub struct Phones {
    intake: Intake,
    board: Arc<Board>,
}

impl Phones {
    /// `intake` takes the tester's calls.
    pub fn new(intake: Intake, board: Arc<Board>) -> Self {
        Self { intake, board }
    }

    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// Sends a message, and answers what became of it at once.
    pub async fn send(&self, topic: &TopicName, message: &Message) -> Result<State, PhoneError> {
        // It stands there before anything that is said because of it.
        self.show(topic, message, State::Queued, None).await?;
        let call = Call::Message {
            id: message.id.clone(),
            number: message.number.clone(),
            text: message.text.clone(),
            media: message.media.clone(),
        };
        let (state, reason) = match self.intake.receive(topic.as_str(), request(&call)).await {
            Ok(receipt) => {
                self.show_reply(topic, message, &receipt.response.body).await?;
                match receipt.outcome {
                    Outcome::Pushed(Pushed::Duplicate) => (State::Duplicate, None),
                    Outcome::Pushed(Pushed::GroupFull) => {
                        (State::Refused, Some("the sender's mailbox is full".to_owned()))
                    }
                    Outcome::Pushed(_) | Outcome::Noted => (State::Queued, None),
                    Outcome::Rejected(reason) => (State::Rejected, Some(reason)),
                }
            }
            Err(Refusal::Unavailable) => (State::Refused, Some(Refusal::Unavailable.to_string())),
            Err(refusal) => return Err(PhoneError::Refused(refusal)),
        };
        if state != State::Queued {
            self.show(topic, message, state, reason).await?;
        }
        Ok(state)
    }

    /// Says what became of a message of ours.
    pub async fn report(
        &self,
        topic: &TopicName,
        id: MessageId,
        delivery: Delivery,
        code: Option<u32>,
    ) -> Result<(), PhoneError> {
        let call = Call::Report { id, delivery, code };
        let taken = self.intake.receive(topic.as_str(), request(&call)).await;
        taken.map(drop).map_err(PhoneError::Refused)
    }

    /// Forgets what stands on the board: of one number, or all of it.
    pub async fn clear(&self, number: Option<Identity>) -> Result<(), PhoneError> {
        let cleared = Record::Cleared { number, at: self.board.now() };
        Ok(self.board.add(&cleared).await?)
    }

    async fn show(
        &self,
        topic: &TopicName,
        message: &Message,
        state: State,
        reason: Option<String>,
    ) -> Result<(), StorageError> {
        let record = Record::In(Said {
            id: message.id.clone(),
            topic: topic.clone(),
            number: message.number.clone(),
            text: message.text.clone(),
            media: message.media.clone(),
            at: self.board.now(),
            state,
            reason,
        });
        self.board.add(&record).await
    }

    /// What was said in the answer to a phone's call is on the phone with it.
    async fn show_reply(
        &self,
        topic: &TopicName,
        message: &Message,
        answer: &str,
    ) -> Result<(), StorageError> {
        let Ok(Answer { reply: Some(text) }) = serde_json::from_str(answer) else { return Ok(()) };
        let record = Record::Out(Said {
            id: MessageId::new(format!("answer:{}", message.id)),
            topic: topic.clone(),
            number: message.number.clone(),
            text,
            media: Vec::new(),
            at: self.board.now(),
            state: State::Delivered,
            reason: None,
        });
        self.board.add(&record).await
    }
}

fn request(call: &Call) -> WebhookRequest {
    WebhookRequest {
        method: "POST".to_owned(),
        origin: String::new(),
        target: "/tester".to_owned(),
        headers: Vec::new(),
        body: serde_json::to_vec(call).expect("it is strings throughout"),
    }
}
