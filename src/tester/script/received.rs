//! Messages received by the phones, read from the board.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::contracts::storage::{FeedCursor, StorageError};
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId};
use crate::model::topic::TopicName;
use crate::tester::{Board, BoardEntry, DeliveryState, PhoneMessage};

/// A message on a phone.
#[derive(Clone, Debug)]
pub(super) struct ReceivedMessage {
    pub(super) to: Identity,
    pub(super) text: String,
    pub(super) media: Vec<Media>,
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
            ReceivedMessage { to: number, text: text.reveal().to_owned(), media }
        })
    }
}
