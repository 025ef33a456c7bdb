//! Dead letters, as operators name and see them.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::OperationError;
use super::letter::Letter;
use super::people::shown;
use crate::contracts::storage::{DeadLetter, DeadLetterId, Partition, Queue, QueueKind, Replay};
use crate::model::address::Group;
use crate::model::event::EventKind;
use crate::model::message::MessageId;
use crate::model::spreadsheet::harmless;
use crate::model::topic::TopicName;

/// Filter of dead letters. What is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct DeadFilter {
    pub topic: Option<String>,
    pub queue: Option<QueueKind>,
    /// Part of the reason, in any case.
    pub reason: Option<String>,
    /// Number of a person.
    pub person: Option<String>,
    pub since: Option<DateTime<Utc>>,
}

/// Place of a dead letter in a deployment, as operators name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterId {
    pub queue: Queue,
    pub id: DeadLetterId,
}

/// Dead letter, as an operator sees it.
#[derive(Clone, Debug)]
pub struct DeadView {
    pub id: LetterId,
    pub group: Group,
    pub message: MessageId,
    pub reason: String,
    pub at: DateTime<Utc>,
    pub letter: Letter,
}

/// Dead letter as JSON and as a row of an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeadRow {
    pub id: String,
    pub topic: TopicName,
    pub queue: String,
    pub partition: u16,
    pub message: MessageId,
    pub person: Option<String>,
    pub reason: String,
    pub at: DateTime<Utc>,
    pub text: Option<String>,
}

/// Page of dead letters, the newest of each queue first.
#[derive(Clone, Debug, Default)]
pub struct DeadPage {
    pub letters: Vec<DeadView>,
    /// Place after which the next page begins; absent after the last one.
    pub next: Option<String>,
}

/// Number of dead letters that were moved, and of those that still fit the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub done: u64,
    pub left: u64,
}

impl LetterId {
    /// Returns the form in which it stands in lists.
    pub fn encode(&self) -> String {
        let Queue { partition, kind } = &self.queue;
        format!("{}/{}/{}/{}", partition.topic, partition.number, kind.as_str(), self.id.as_str())
    }

    /// Compares by queue, and in a queue by the order in which the letters died.
    pub fn in_order(&self, other: &Self) -> Ordering {
        let queue = |it: &Self| {
            let Queue { partition, kind } = &it.queue;
            (partition.topic.as_str().to_owned(), partition.number, kind.as_str())
        };
        (queue(self), self.id.place()).cmp(&(queue(other), other.id.place()))
    }

    /// Reads the form in which it stands in lists.
    ///
    /// # Errors
    /// The text is something else.
    pub fn decode(text: &str) -> Result<Self, OperationError> {
        let unknown = || OperationError::invalid("this is no id of a dead letter; list them first");
        let mut parts = text.splitn(4, '/');
        let mut part = || parts.next().ok_or_else(unknown);
        let (topic, number, kind) = (part()?, part()?, part()?);
        let id = DeadLetterId::new(part()?);
        id.place().ok_or_else(unknown)?;
        let topic = topic.parse().map_err(|_| unknown())?;
        let number = number.parse().map_err(|_| unknown())?;
        let mut kinds = QueueKind::ALL.into_iter();
        let kind = kinds.find(|it| it.as_str() == kind).ok_or_else(unknown)?;
        let partition = Partition { topic, number };
        Ok(Self { queue: Queue { partition, kind }, id })
    }
}

impl DeadRow {
    /// Returns the row for a table, in which no cell is a formula to a spreadsheet. A plain number with
    /// its `+` stays as it is.
    #[must_use]
    pub fn in_table(self) -> Self {
        let Self { message, person, reason, text, .. } = self;
        let is_plain = |it: &str| {
            it.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|it| it.is_ascii_digit()))
        };
        let person = person.map(|it| if is_plain(&it) { it } else { harmless(&it) });
        Self {
            message: MessageId::new(harmless(message.as_str())),
            person,
            reason: harmless(&reason),
            text: text.as_deref().map(harmless),
            ..self
        }
    }
}

impl DeadView {
    /// Reads a dead letter.
    pub(super) fn new(queue: &Queue, id: DeadLetterId, dead: DeadLetter) -> Self {
        let letter = Letter::read(queue.kind, &dead.id, &dead.payload);
        let id = LetterId { queue: queue.clone(), id };
        let DeadLetter { group, id: message, reason, at, .. } = dead;
        Self { id, group, message, reason, at, letter }
    }

    /// Returns the row, with person and text in full or without them.
    pub fn row(&self, show: bool) -> DeadRow {
        let person = self.letter.person.as_ref();
        let text = self.letter.text.as_ref().filter(|_| show);
        DeadRow {
            id: self.id.encode(),
            topic: self.id.queue.partition.topic.clone(),
            queue: self.id.queue.kind.as_str().to_owned(),
            partition: self.id.queue.partition.number,
            message: self.message.clone(),
            person: person.map(|person| shown(&person.identity, show)),
            reason: self.reason.clone(),
            at: self.at,
            text: text.map(|text| text.reveal().to_owned()),
        }
    }

    /// Returns the order to replay it.
    pub(super) fn replay(&self, max_records: u64) -> Replay {
        Replay {
            letter: self.id.id.clone(),
            owed: self.letter.owed.clone(),
            facts: self.letter.facts(EventKind::Replayed, "by an operator", max_records),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_that_no_store_has_given_is_refused() {
        for id in
            ["echo/0/inbound/xyz", "echo/0/inbound/-1-2", "echo/0/inbound/12", "echo/0/in/1-2"]
        {
            let refused = LetterId::decode(id);
            assert!(matches!(refused, Err(OperationError::Invalid(_))), "{id}: {refused:?}");
        }
        assert_eq!(
            LetterId::decode("echo/0/inbound/12-3").unwrap().encode(),
            "echo/0/inbound/12-3"
        );
    }

    #[test]
    fn letters_of_one_moment_are_in_the_order_of_their_queue() {
        let places = ["echo/0/inbound/7-10", "echo/0/inbound/7-9", "echo/0/inbound/10-1"];
        let mut ids = places.map(|id| LetterId::decode(id).unwrap());
        ids.sort_by(LetterId::in_order);
        assert_eq!(ids.map(|id| id.encode()), [places[1], places[0], places[2]]);
    }

    #[test]
    fn row_of_a_table_has_no_formula() {
        let row = DeadRow {
            id: "echo/0/inbound/1-1".to_owned(),
            topic: "echo".parse().unwrap(),
            queue: "inbound".to_owned(),
            partition: 0,
            message: MessageId::new("m1"),
            person: Some("+14155550101".to_owned()),
            reason: "-1".to_owned(),
            at: DateTime::UNIX_EPOCH,
            text: Some("=HYPERLINK(1)".to_owned()),
        };
        let DeadRow { message, person, reason, text, .. } = row.in_table();
        assert_eq!((message.as_str(), person.as_deref()), ("m1", Some("+14155550101")));
        assert_eq!((reason.as_str(), text.as_deref()), ("'-1", Some("'=HYPERLINK(1)")));
    }
}
