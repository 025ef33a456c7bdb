//! Messages received by phones, which the board holds, and by socket clients.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::contracts::storage::{FeedCursor, StorageError};
use crate::contracts::transport::socket::CloseCode;
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId};
use crate::model::topic::TopicName;
use crate::tester::{Board, BoardEntry, DeliveryState, PhoneMessage};

/// A message on a phone or a socket.
#[derive(Clone, Debug)]
pub(super) struct ReceivedMessage {
    pub(super) to: Identity,
    /// Text; the reason of a close.
    pub(super) text: String,
    pub(super) media: Vec<Media>,
    pub(super) form: Form,
}

/// Form in which a message was received.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Phone,
    /// Frame of a socket, all of its fields.
    Frame(Map<String, Value>),
    /// Close of a socket by its server.
    Close(CloseCode),
}

impl ReceivedMessage {
    /// Returns whether people see it: a frame without a text is for programs alone.
    pub(super) fn has_text(&self) -> bool {
        match &self.form {
            Form::Phone => true,
            Form::Frame(_) => !self.text.is_empty(),
            Form::Close(_) => false,
        }
    }

    /// Returns the code of a close.
    pub(super) fn close_code(&self) -> Option<CloseCode> {
        match self.form {
            Form::Close(code) => Some(code),
            Form::Phone | Form::Frame(_) => None,
        }
    }

    /// Returns whether it has this text or, when that is a JSON object, a frame's fields with the
    /// same values.
    pub(super) fn meets(&self, expected: &str) -> bool {
        (self.has_text() && self.text == expected)
            || self.frame().zip(fields(expected)).is_some_and(|(frame, fields)| {
                fields.iter().all(|(name, value)| frame.get(name) == Some(value))
            })
    }

    /// Returns the text and, of a frame, all fields.
    pub(super) fn texts(&self) -> Vec<String> {
        let frame = self.frame().map(|frame| Value::from(frame.clone()).to_string());
        [self.text.clone()].into_iter().chain(frame).collect()
    }

    /// Returns the fields of a frame.
    pub(super) fn frame(&self) -> Option<&Map<String, Value>> {
        match &self.form {
            Form::Frame(frame) => Some(frame),
            Form::Phone | Form::Close(_) => None,
        }
    }
}

/// Returns the fields that a line expects; `None` when it expects a text.
pub(super) fn fields(expected: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(expected).ok()
}

/// Reader of the messages that reach phones after its start.
pub(super) struct ReceivedMessages {
    board: Arc<Board>,
    cursor: Option<FeedCursor>,
    known: HashSet<MessageId>,
    /// Topic and id of the last message to each number.
    last: HashMap<Identity, (TopicName, MessageId)>,
}

impl ReceivedMessages {
    /// Starts behind the entries that the board already holds.
    pub(super) async fn new(board: Arc<Board>) -> Result<Self, StorageError> {
        let cursor = board.read(None, Duration::ZERO).await?.pop().map(|(cursor, _)| cursor);
        Ok(Self { board, cursor, known: HashSet::new(), last: HashMap::new() })
    }

    /// Returns the messages since the last call.
    pub(super) async fn read(&mut self) -> Result<Vec<ReceivedMessage>, StorageError> {
        let mut received = Vec::new();
        for (cursor, entry) in self.board.read(self.cursor.as_ref(), Duration::ZERO).await? {
            self.cursor = Some(cursor);
            received.extend(self.receive(entry));
        }
        Ok(received)
    }

    /// Topic and id of the last message to a number.
    pub(super) fn last_to(&self, number: &Identity) -> Option<&(TopicName, MessageId)> {
        self.last.get(number)
    }

    /// A message that the provider accepted twice is received twice, even under the same id.
    fn receive(&mut self, entry: BoardEntry) -> Option<ReceivedMessage> {
        let BoardEntry::Out(PhoneMessage { id, topic, number, text, media, state, .. }) = entry
        else {
            return None;
        };
        let is_new = !self.known.contains(&id);
        let is_received =
            state == DeliveryState::Sent || (state == DeliveryState::Delivered && is_new);
        is_received.then(|| {
            self.known.insert(id.clone());
            self.last.insert(number.clone(), (topic, id));
            let text = text.reveal().to_owned();
            ReceivedMessage { to: number, text, media, form: Form::Phone }
        })
    }
}
