//! State of a submitted message: what is stored of it, and its record.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{SubmitError, Submitter, in_time};
use crate::contracts::handler::stored_submission;
use crate::contracts::storage::Partition;
use crate::model::event::{Event, EventKind, forward_only};
use crate::model::message::submission::{Submission, SubmissionId};

/// State of a submitted message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Waits in the recipient's mailbox.
    Queued,
    /// Waits for its time.
    Scheduled,
    /// Waits in the outbox.
    Sending,
    /// Taken by the provider.
    Sent,
    /// Reported as delivered.
    Delivered,
    /// Refused for good, or reported as not delivered.
    Failed,
    /// Sent or not, which cannot be told.
    Unknown,
    /// Not sent, since the recipient has opted out.
    Rejected,
    Cancelled,
}

impl Status {
    /// Returns the state that an event leads to; the message keeps its own after any other event.
    fn after(kind: EventKind) -> Option<Self> {
        match kind {
            EventKind::Received | EventKind::Queued => Some(Self::Queued),
            EventKind::Scheduled => Some(Self::Scheduled),
            EventKind::Handled | EventKind::Replayed => Some(Self::Sending),
            EventKind::Sent => Some(Self::Sent),
            EventKind::Delivered => Some(Self::Delivered),
            EventKind::Failed | EventKind::Buried | EventKind::Discarded | EventKind::Dropped => {
                Some(Self::Failed)
            }
            EventKind::Unknown => Some(Self::Unknown),
            EventKind::Rejected => Some(Self::Rejected),
            EventKind::Cancelled => Some(Self::Cancelled),
            EventKind::Validated | EventKind::Recorded | EventKind::Retried | EventKind::Held => {
                None
            }
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "queued",
            Self::Scheduled => "scheduled",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        })
    }
}

/// State of a message, and the events that led to it. It names no number and no text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageStatus {
    pub id: String,
    pub status: Status,
    /// Time that it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    pub events: Vec<StatusEvent>,
}

/// Event of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusEvent {
    pub kind: String,
    pub at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}

impl Submitter {
    /// Returns the state of a message.
    ///
    /// # Errors
    /// `NotFound` when nothing is known of it.
    pub async fn status(&self, id: &SubmissionId) -> Result<MessageStatus, SubmitError> {
        let partition = self.partition_of(id)?;
        let events = self.events(&partition, id).await?;
        let key = stored_submission(&id.message_id());
        let stored = in_time(self.storage.values(&partition, &[key])).await?.pop().flatten();
        let stored: Option<Submission> = stored.and_then(|json| serde_json::from_str(&json).ok());
        let reached = events.iter().filter_map(|event| Status::after(event.kind)).next_back();
        // The record of a message may expire before its time has come.
        let status = if stored.is_some() { Some(Status::Scheduled) } else { reached };
        Ok(MessageStatus {
            id: id.to_string(),
            status: status.ok_or(SubmitError::NotFound)?,
            at: stored.and_then(|submission| submission.at),
            events: events.into_iter().map(shown).collect(),
        })
    }

    /// Returns the events of a message in their order. Delivery reports are recorded in partition 0.
    async fn events(
        &self,
        partition: &Partition,
        id: &SubmissionId,
    ) -> Result<Vec<Event>, SubmitError> {
        let message = id.message_id();
        let mut events = in_time(self.storage.events(partition, Some(&message))).await?;
        if partition.number != 0 {
            let reports = Partition { number: 0, ..partition.clone() };
            events.extend(in_time(self.storage.events(&reports, Some(&message))).await?);
        }
        events.sort_by_key(|event| event.at);
        Ok(forward_only(events))
    }
}

fn shown(event: Event) -> StatusEvent {
    StatusEvent {
        kind: event.kind.to_string(),
        at: event.at,
        reason: event.detail.reason,
        provider_id: event.detail.provider_id,
    }
}
