//! Batches: many messages in one request, released some at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::draft::check_content;
use super::{Destination, IdempotencyKey, SubmitError, Submitter, in_time, payload};
use crate::contracts::storage::{Entry, FeedLimits, Partition, Push};
use crate::model::address::Group;
use crate::model::message::submission::{Chunk, End, Priority, Submission, SubmissionId};
use crate::model::message::{Mail, Media, MessageId, Text};

/// Maximum number of messages of a batch.
pub const MAX_BATCH: usize = 10_000;
/// Maximum size of all texts, in bytes: the text of a batch is stored with every message.
const MAX_TEXTS: usize = 32 * 1024 * 1024;
/// Messages that one commit hands to the outbox.
const CHUNK: usize = 100;
/// Limits of the feed that remembers the size of a batch.
const LIMITS: FeedLimits = FeedLimits::lines(1).within(Duration::from_hours(30 * 24));

/// Messages to send.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchDraft {
    pub topic: String,
    /// Text of every message that has none of its own.
    #[serde(default)]
    pub text: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    #[serde(default = "bulk")]
    pub priority: Priority,
    pub messages: Vec<BatchMessage>,
}

/// A message of a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchMessage {
    pub to: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
}

fn bulk() -> Priority {
    Priority::Bulk
}

/// Progress of a batch. A message that the provider has taken counts as sent, whatever its delivery
/// report says later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub id: String,
    pub total: u64,
    pub waiting: u64,
    pub sent: u64,
    pub failed: u64,
    pub rejected: u64,
}

impl BatchDraft {
    /// Checks every message; the submissions have no ids yet.
    fn check(
        &self,
        destination: &Destination,
        now: DateTime<Utc>,
    ) -> Result<Vec<Submission>, SubmitError> {
        if !(1..=MAX_BATCH).contains(&self.messages.len()) {
            let problem = format!("write 1 to {MAX_BATCH} messages");
            return Err(SubmitError::invalid("messages", problem));
        }
        let sizes = self.messages.iter().map(|message| self.text_of(message).reveal().len());
        if sizes.sum::<usize>() > MAX_TEXTS {
            let problem = format!(
                "the texts have more than {} MiB, counting that of the batch for each message; \
                 divide the batch",
                MAX_TEXTS / 1024 / 1024
            );
            return Err(SubmitError::invalid("messages", problem));
        }
        let numbered = self.messages.iter().enumerate();
        let check = |(index, message)| {
            let submission = self.check_one(destination, index, message)?;
            Ok(Submission { taken_at: Some(now), ..submission })
        };
        numbered.map(check).collect()
    }

    fn text_of<'b>(&'b self, message: &'b BatchMessage) -> &'b Text {
        message.text.as_ref().unwrap_or(&self.text)
    }

    fn check_one(
        &self,
        destination: &Destination,
        index: usize,
        message: &BatchMessage,
    ) -> Result<Submission, SubmitError> {
        let check = || {
            let (transport, line) = (self.transport.as_deref(), self.line.as_deref());
            let to = destination.address(message.to.reveal(), transport, line)?;
            let text = self.text_of(message);
            check_content(text, &message.media)?;
            let mut submission = Submission::new(MessageId::new(""), to, text.clone());
            submission.media.clone_from(&message.media);
            submission.priority = self.priority;
            Ok(submission)
        };
        check().map_err(|error| match error {
            SubmitError::Invalid { field, problem } => {
                SubmitError::invalid(format!("messages[{index}].{field}"), problem)
            }
            other => other,
        })
    }
}

impl Submitter {
    /// Takes a batch. All of it is durable when its id is returned; after an error some of it may be,
    /// and under the same key the same request completes it.
    ///
    /// # Errors
    /// The batch was not taken, or not all of it.
    pub async fn send_batch(
        &self,
        draft: &BatchDraft,
        key: Option<&IdempotencyKey>,
    ) -> Result<MessageId, SubmitError> {
        let destination = self.destination(&draft.topic)?;
        let _place = self.place(destination)?;
        let messages = draft.check(destination, self.clock.now())?;
        let partitions: Vec<_> = destination.partitions().collect();
        let room = self.room(destination, &partitions).await;
        let digest = self.digest(&draft.topic, key, draft, room).await?;
        let batch = SubmissionId::new(destination.topic().clone(), None, digest).message_id();
        let total = messages.len().to_string();
        for (number, chunk) in self.chunks(destination, &batch, messages) {
            let partition = number.partition;
            let id = MessageId::new(format!("{batch}.{}.{}", partition.number, number.index));
            // A mailbox for each batch: it waits for room without holding anything else up.
            let group = Group::named(&format!("batch:{batch}"));
            let entry = Entry { group, id, payload: payload(&Mail::Chunk(chunk)) };
            let max_group_depth = u64::try_from(MAX_BATCH).unwrap_or(u64::MAX);
            let push = Push { max_group_depth, ..Push::unrecorded(entry, destination.limits()) };
            self.push(&partition, push, room).await?;
        }
        // Not before: a batch for which there is no room leaves nothing in the store.
        in_time(self.storage.publish(&feed(&batch), &total, LIMITS)).await?;
        Ok(batch)
    }

    /// Divides a batch by partitions, and each part into chunks.
    fn chunks(
        &self,
        destination: &Destination,
        batch: &MessageId,
        messages: Vec<Submission>,
    ) -> Vec<(ChunkNumber, Chunk)> {
        let mut parts: Vec<Vec<Submission>> = Vec::new();
        parts.resize_with(usize::from(destination.limits().partitions), Vec::new);
        for (index, mut message) in messages.into_iter().enumerate() {
            let number = self.partition(destination, &message.to).number;
            let parts_of_id = [batch.as_str(), &index.to_string()];
            let digest = self.groups.fingerprint("message of a batch", &parts_of_id);
            let topic = destination.topic().clone();
            message.id = SubmissionId::new(topic, Some(number), digest).message_id();
            parts[usize::from(number)].push(message);
        }
        let mut chunks = Vec::new();
        for (number, part) in (0..).zip(parts) {
            for (index, messages) in part.chunks(CHUNK).enumerate() {
                let topic = destination.topic().clone();
                let partition = Partition { topic, number };
                let chunk = Chunk { batch: batch.clone(), messages: messages.to_vec() };
                chunks.push((ChunkNumber { partition, index }, chunk));
            }
        }
        chunks
    }

    /// Returns the progress of a batch.
    ///
    /// # Errors
    /// `NotFound` when nothing is known of it.
    pub async fn progress(&self, id: &SubmissionId) -> Result<Progress, SubmitError> {
        let destination = self.destination(id.topic.as_str()).map_err(|_| SubmitError::NotFound)?;
        if id.partition.is_some() {
            return Err(SubmitError::NotFound);
        }
        let batch = id.message_id();
        let first = in_time(self.storage.follow(&feed(&batch), None, Duration::ZERO)).await?;
        let total: Option<u64> = first.first().and_then(|line| line.text.parse().ok());
        let total = total.ok_or(SubmitError::NotFound)?;
        let mut ended = [0; 3];
        for partition in destination.partitions() {
            for (count, end) in ended.iter_mut().zip(End::ALL) {
                let counted = in_time(self.storage.total(&partition, &end.counter(&batch))).await?;
                *count += u64::try_from(counted).unwrap_or_default();
            }
        }
        let [sent, failed, rejected] = ended;
        let waiting = total.saturating_sub(sent + failed + rejected);
        Ok(Progress { id: id.to_string(), total, waiting, sent, failed, rejected })
    }
}

/// Name of the feed that remembers the size of a batch.
fn feed(batch: &MessageId) -> String {
    format!("batch:{batch}")
}

/// Place of a chunk in its batch.
struct ChunkNumber {
    partition: Partition,
    index: usize,
}
