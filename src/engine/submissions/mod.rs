//! Submissions: messages that a program outside asks to be sent, on their way to the mailboxes.

mod batch;
mod destination;
mod draft;
mod error;
mod idempotency;
mod limits;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::batch::{BatchDraft, BatchMessage, MAX_BATCH, Progress};
pub use self::destination::Destination;
pub use self::draft::Draft;
pub use self::error::SubmitError;
pub use self::idempotency::IdempotencyKey;
use self::limits::Room;
pub use self::status::{MessageStatus, Status, StatusEvent};
use crate::contracts::storage::{Entry, Partition, Push, Pushed, Storage, StorageError};
use crate::engine::lines;
use crate::engine::overload::Overload;
use crate::model::address::{Address, Group, GroupKey};
use crate::model::clock::Clock;
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::submission::{Cancellation, Priority, Submission, SubmissionId};
use crate::model::message::{Mail, MessageId};

/// Time limit of one call of the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes submissions for the topics of a deployment.
pub struct Submitter {
    storage: Arc<dyn Storage>,
    groups: GroupKey,
    clock: Arc<dyn Clock>,
    destinations: BTreeMap<String, Destination>,
    /// Limits of a process that takes requests of others.
    overload: Option<Arc<Overload>>,
}

impl Submitter {
    pub fn new(
        storage: Arc<dyn Storage>,
        groups: GroupKey,
        clock: Arc<dyn Clock>,
        destinations: Vec<Destination>,
    ) -> Self {
        let named = |it: Destination| (it.topic().to_string(), it);
        let destinations = destinations.into_iter().map(named).collect();
        Self { storage, groups, clock, destinations, overload: None }
    }

    /// Takes a message. It is durable when its id is returned.
    ///
    /// # Errors
    /// The message was not taken.
    pub async fn send(
        &self,
        draft: &Draft,
        key: Option<&IdempotencyKey>,
    ) -> Result<MessageId, SubmitError> {
        let destination = self.destination(&draft.topic)?;
        let _place = self.place(destination)?;
        let content = draft.check(destination, self.clock.now())?;
        let partition = self.partition(destination, &content.to);
        let room = self.room(destination, std::slice::from_ref(&partition)).await;
        let digest = self.digest(&draft.topic, key, draft, room).await?;
        let topic = destination.topic().clone();
        let id = SubmissionId::new(topic, Some(partition.number), digest).message_id();
        let submission = Submission { id: id.clone(), ..content };
        let group = match submission.priority {
            Priority::Bulk => Group::named("bulk"),
            _ => self.groups.group(&submission.to),
        };
        let detail = Detail { address: Some(submission.to.clone()), ..Detail::default() };
        let kinds = [EventKind::Received, EventKind::Queued];
        let limits = destination.limits();
        let facts = Facts::new(id.clone(), &kinds, detail, limits.max_records);
        let is_bulk = submission.priority == Priority::Bulk;
        let mail = Mail::Submission(Box::new(submission));
        let max_group_depth = if is_bulk { limits.max_depth } else { limits.max_group_depth };
        let push = Push {
            facts,
            max_group_depth,
            ..Push::unrecorded(Entry { group, id: id.clone(), payload: payload(&mail) }, limits)
        };
        self.push(&partition, push, room).await?;
        Ok(id)
    }

    /// Requests that a message is not sent. It still is when it is in the outbox by then.
    ///
    /// # Errors
    /// `NotFound`, or `TooLate` when the message was handed to the outbox, cancelled or rejected.
    pub async fn cancel(&self, id: &SubmissionId) -> Result<(), SubmitError> {
        let _place =
            self.place(self.destination(id.topic.as_str()).map_err(|_| SubmitError::NotFound)?)?;
        let found = self.status(id).await?;
        if !matches!(found.status, Status::Queued | Status::Scheduled) {
            return Err(SubmitError::TooLate(found.status));
        }
        let destination = self.destination(id.topic.as_str())?;
        let partition = self.partition_of(id)?;
        let cancellation = Cancellation { id: id.message_id() };
        let group = cancellation.group();
        let entry_id = MessageId::new(format!("cancel:{id}"));
        let payload = payload(&Mail::Cancellation(cancellation));
        let entry = Entry { group, id: entry_id, payload };
        // It is less to send, so that it is taken whatever waits.
        self.push(&partition, Push::unrecorded(entry, destination.limits()), Room::ForAll).await
    }

    /// Returns the address of a person who writes to a topic.
    ///
    /// # Errors
    /// `UnknownTopic`, or `Invalid` with the field.
    pub fn sender(
        &self,
        topic: &str,
        from: &str,
        transport: Option<&str>,
        line: Option<&str>,
    ) -> Result<Address, SubmitError> {
        let address = self.destination(topic)?.address(from, transport, line);
        address.map_err(|error| match error {
            SubmitError::Invalid { field, problem } if field == "to" => {
                SubmitError::invalid("from", problem)
            }
            other => other,
        })
    }

    fn destination(&self, topic: &str) -> Result<&Destination, SubmitError> {
        self.destinations.get(topic).ok_or(SubmitError::UnknownTopic)
    }

    fn partition(&self, destination: &Destination, to: &Address) -> Partition {
        let partitions = destination.limits().partitions;
        Partition::of(destination.topic(), to, &self.groups, partitions)
    }

    /// Returns the partition that an id names.
    fn partition_of(&self, id: &SubmissionId) -> Result<Partition, SubmitError> {
        let destination = self.destination(id.topic.as_str()).map_err(|_| SubmitError::NotFound)?;
        let count = destination.limits().partitions;
        let number = id.partition.filter(|number| *number < count).ok_or(SubmitError::NotFound)?;
        Ok(Partition { topic: id.topic.clone(), number })
    }

    async fn push(
        &self,
        partition: &Partition,
        mut push: Push,
        room: Room,
    ) -> Result<(), SubmitError> {
        let id = push.entry.id.clone();
        if room == Room::ForKnown {
            push.max_depth = 0;
        }
        let began = Instant::now();
        match in_time(self.storage.push(partition, push)).await? {
            pushed @ (Pushed::Accepted | Pushed::Duplicate) => {
                lines::submitted(&partition.topic, &id, pushed, began.elapsed());
                Ok(())
            }
            Pushed::Full => Err(self.refused(&partition.topic, room)),
            Pushed::GroupFull | Pushed::Barred | Pushed::Limited => Err(SubmitError::MailboxFull),
        }
    }
}

fn payload(mail: &Mail) -> String {
    serde_json::to_string(mail).expect("a submission is strings throughout")
}

/// Awaits a call of the store, within its time limit.
async fn in_time<T>(call: impl Future<Output = Result<T, StorageError>>) -> Result<T, SubmitError> {
    match tokio::time::timeout(STORE_TIMEOUT, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::error!(%error, "submission not stored");
            Err(SubmitError::Unavailable)
        }
        Err(_) => Err(SubmitError::Unavailable),
    }
}
