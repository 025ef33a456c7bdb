//! Submissions: messages that a program outside asks to be sent.
//!
//! A submission waits in the inbound mailbox of its recipient, so that it keeps its place among
//! everything else that happens to them, and becomes an outbound message there.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Media, MessageId, Text};
use crate::model::address::{Address, Group};
use crate::model::state::Write;
use crate::model::topic::TopicName;

/// Life of a batch's counters after their last change.
const PROGRESS_TTL: Duration = Duration::from_hours(30 * 24);
/// Time without any change after which the bulk messages under way are forgotten, so that a lost
/// count holds the others up for no longer than this.
const WINDOW_TTL: Duration = Duration::from_hours(1);
/// Counter of the bulk messages of a partition that are released and not settled.
pub const BULK_UNSETTLED: &str = "bulk:unsettled";

/// Urgency of a submission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Priority {
    /// In its turn among the recipient's messages.
    #[default]
    Normal,
    /// Behind everything else: few bulk messages are handed to the outbox at a time.
    Bulk,
}

impl Priority {
    /// Returns whether it is the default.
    pub fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

/// A message to send, as a program outside has submitted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Submission {
    pub id: MessageId,
    pub to: Address,
    pub text: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Time before which it is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub priority: Priority,
    /// Time at which it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<DateTime<Utc>>,
}

impl Submission {
    /// Creates a submission of a text; set further fields on it.
    pub fn new(id: MessageId, to: Address, text: impl Into<Text>) -> Self {
        let (text, media, priority) = (text.into(), Vec::new(), Priority::Normal);
        Self { id, to, text, media, at: None, priority, taken_at: None }
    }

    /// Returns the time since which it waits to be sent, if that is known.
    pub fn ready_at(&self) -> Option<DateTime<Utc>> {
        self.taken_at.map(|taken| self.at.map_or(taken, |at| at.max(taken)))
    }

    /// Returns the counters of its settlement; none when it is counted nowhere.
    pub fn tally(&self, batch: Option<&MessageId>) -> Option<Box<Tally>> {
        let is_bulk = self.priority == Priority::Bulk;
        let tally = || Box::new(Tally { batch: batch.cloned(), is_bulk });
        (is_bulk || batch.is_some()).then(tally)
    }
}

/// Request to cancel a submission that has not been handed to the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    pub id: MessageId,
}

impl Cancellation {
    /// Returns the mailbox of the cancellation. The recipient's own is not known to it.
    pub fn group(&self) -> Group {
        Group::named(&format!("cancel:{}", self.id))
    }
}

/// Some of the messages of a batch, of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    pub batch: MessageId,
    pub messages: Vec<Submission>,
}

/// Counters that the settlement of an outbound message adds to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<MessageId>,
    #[serde(default)]
    pub is_bulk: bool,
}

/// End of a message of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Sent,
    Failed,
    /// Never handed to the outbox.
    Rejected,
}

impl End {
    pub const ALL: [Self; 3] = [Self::Sent, Self::Failed, Self::Rejected];

    /// Returns the name of a batch's counter of messages that have ended so.
    pub fn counter(self, batch: &MessageId) -> String {
        let end = match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
        };
        format!("batch:{batch}:{end}")
    }
}

impl Tally {
    /// Returns the writes that count the end of a message.
    pub fn settle(&self, end: End) -> Vec<Write> {
        let batch = self.batch.as_ref();
        let counted =
            batch.map(|batch| Write::Count { name: end.counter(batch), by: 1, ttl: PROGRESS_TTL });
        let released = end != End::Rejected && self.is_bulk;
        let window = released.then(|| Write::Count {
            name: BULK_UNSETTLED.to_owned(),
            by: -1,
            ttl: WINDOW_TTL,
        });
        counted.into_iter().chain(window).collect()
    }
}

/// Returns the write that counts the bulk messages among those that are handed to the outbox.
pub fn released(submissions: &[Submission]) -> Option<Write> {
    let bulk = submissions.iter().filter(|submission| submission.priority == Priority::Bulk);
    let by = i64::try_from(bulk.count()).unwrap_or(i64::MAX);
    (by > 0).then(|| Write::Count { name: BULK_UNSETTLED.to_owned(), by, ttl: WINDOW_TTL })
}

/// Parts of the id of a submission, `<topic>.<partition>.<32 hexadecimal digits>`, or of a batch,
/// `<topic>.batch.<32 hexadecimal digits>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionId {
    pub topic: TopicName,
    /// Partition of a submission; absent for a batch.
    pub partition: Option<u16>,
    digits: String,
}

impl SubmissionId {
    const BATCH: &str = "batch";

    pub fn new(topic: TopicName, partition: Option<u16>, digest: [u8; 16]) -> Self {
        Self { topic, partition, digits: hex::encode(digest) }
    }

    pub fn message_id(&self) -> MessageId {
        MessageId::new(self.to_string())
    }
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, partition, digits } = self;
        match partition {
            Some(partition) => write!(f, "{topic}.{partition}.{digits}"),
            None => write!(f, "{topic}.{}.{digits}", Self::BATCH),
        }
    }
}

/// Error for a text that is no id of a submission or batch.
#[derive(Debug, thiserror::Error)]
#[error("no id of a submission; it has the form topic.0.0123456789abcdef0123456789abcdef")]
pub struct InvalidSubmissionId;

impl FromStr for SubmissionId {
    type Err = InvalidSubmissionId;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = id.splitn(4, '.').collect();
        let [topic, partition, digits] = parts[..] else { return Err(InvalidSubmissionId) };
        let digest: [u8; 16] = hex::decode(digits)
            .ok()
            .and_then(|digest| digest.try_into().ok())
            .ok_or(InvalidSubmissionId)?;
        let partition = match partition {
            Self::BATCH => None,
            number => Some(number.parse().map_err(|_| InvalidSubmissionId)?),
        };
        let topic = topic.parse().map_err(|_| InvalidSubmissionId)?;
        let parsed = Self::new(topic, partition, digest);
        // One spelling alone: ids are compared as texts.
        if parsed.to_string() == id { Ok(parsed) } else { Err(InvalidSubmissionId) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    proptest! {
        #[test]
        fn id_is_read_back(topic in "[A-Za-z0-9_-]{1,64}", partition: Option<u16>, digest: [u8; 16]) {
            let id = SubmissionId::new(topic.parse().unwrap(), partition, digest);
            prop_assert_eq!(id.to_string().parse::<SubmissionId>().unwrap(), id);
        }
    }

    #[rstest]
    #[case("")]
    #[case("t.0.00")]
    #[case("t.00.0123456789abcdef0123456789abcdef")]
    #[case("t.65536.0123456789abcdef0123456789abcdef")]
    #[case("t.0.0123456789ABCDEF0123456789abcdef")]
    #[case("t.0.0123456789abcdef0123456789abcdef.x")]
    #[case("t/u.0.0123456789abcdef0123456789abcdef")]
    fn other_text_is_no_id(#[case] text: &str) {
        assert!(text.parse::<SubmissionId>().is_err());
    }

    #[test]
    fn bulk_window_is_left_as_often_as_it_is_entered() {
        let by = |writes: Vec<Write>| -> i64 {
            let of_window = |write: &Write| match write {
                Write::Count { name, by, .. } if name == BULK_UNSETTLED => Some(*by),
                _ => None,
            };
            writes.iter().filter_map(of_window).sum()
        };
        let batch = MessageId::new("t.batch.0");
        for is_bulk in [true, false] {
            let to = Address::new("twilio", "+14155550101", "+15005550006");
            let mut submission = Submission::new(MessageId::new("t.0.0"), to, "hello");
            submission.priority = if is_bulk { Priority::Bulk } else { Priority::Normal };
            let tally = submission.tally(Some(&batch)).unwrap();
            let released = by(released(&[submission]).into_iter().collect());
            assert_eq!(released + by(tally.settle(End::Sent)), 0);
            assert_eq!(released + by(tally.settle(End::Failed)), 0);
            assert_eq!(by(tally.settle(End::Rejected)), 0);
        }
    }
}
