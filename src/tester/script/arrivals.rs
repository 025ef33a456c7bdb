//! What has reached the phones, as the board tells it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::contracts::storage::{FeedCursor, StorageError};
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId};
use crate::model::topic::TopicName;
use crate::tester::{Board, Record, Said, State};

/// A message on a phone.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) to: Identity,
    pub(super) text: String,
    pub(super) media: Vec<Media>,
}

/// Reads the board on from where it was last read to.
pub(super) struct Arrivals {
    board: Arc<Board>,
    read_to: Option<FeedCursor>,
    arrived: HashSet<MessageId>,
    /// The last message to each number, and the topic that it came from.
    last: HashMap<Identity, (TopicName, MessageId)>,
}

impl Arrivals {
    /// From now on: what stands on the board already is somebody else's.
    pub(super) async fn new(board: Arc<Board>) -> Result<Self, StorageError> {
        let read_to = board.read(None, Duration::ZERO).await?.pop().map(|(place, _)| place);
        Ok(Self { board, read_to, arrived: HashSet::new(), last: HashMap::new() })
    }

    pub(super) async fn read(&mut self) -> Result<Vec<Arrival>, StorageError> {
        let mut arrivals = Vec::new();
        for (place, record) in self.board.read(self.read_to.as_ref(), Duration::ZERO).await? {
            self.read_to = Some(place);
            arrivals.extend(self.arrival(record));
        }
        Ok(arrivals)
    }

    pub(super) fn last_to(&self, number: &Identity) -> Option<&(TopicName, MessageId)> {
        self.last.get(number)
    }

    /// A message that the provider has taken twice has arrived twice, whatever its id.
    fn arrival(&mut self, record: Record) -> Option<Arrival> {
        let Record::Out(Said { id, topic, number, text, media, state, .. }) = record else {
            return None;
        };
        let is_new = !self.arrived.contains(&id);
        let arrives = state == State::Sent || (state == State::Delivered && is_new);
        arrives.then(|| {
            self.arrived.insert(id.clone());
            self.last.insert(number.clone(), (topic, id));
            Arrival { to: number, text: text.reveal().to_owned(), media }
        })
    }
}
