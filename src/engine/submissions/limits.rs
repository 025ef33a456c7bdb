//! Limits against overload, for submissions as for webhooks.

use std::sync::Arc;

use tokio::sync::SemaphorePermit;

use super::{Destination, SubmitError, Submitter};
use crate::contracts::storage::Partition;
use crate::engine::overload::{Limit, Overload};
use crate::model::topic::TopicName;

/// Room in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    ForAll,
    /// Room for repeated requests alone, since something waits too long.
    ForKnown,
}

impl Submitter {
    /// Passes the limits of the process.
    #[must_use]
    pub fn limited_by(self, overload: Arc<Overload>) -> Self {
        Self { overload: Some(overload), ..self }
    }

    /// Returns the place of a request, which is in hand until the place is dropped.
    pub(super) fn place(
        &self,
        destination: &Destination,
    ) -> Result<Option<SemaphorePermit<'_>>, SubmitError> {
        let Some(overload) = &self.overload else { return Ok(None) };
        overload.place(destination.topic()).map(Some).ok_or(SubmitError::Busy)
    }

    /// Returns the room in some partitions of a topic.
    pub(super) async fn room(&self, destination: &Destination, partitions: &[Partition]) -> Room {
        let Some(overload) = &self.overload else { return Room::ForAll };
        for partition in partitions {
            if overload.is_too_old(partition, destination.limits().max_backlog_age).await {
                return Room::ForKnown;
            }
        }
        Room::ForAll
    }

    /// Notes that a topic had no room for a request.
    pub(super) fn refused(&self, topic: &TopicName, room: Room) -> SubmitError {
        let limit = match room {
            Room::ForAll => Limit::Depth,
            Room::ForKnown => Limit::BacklogAge,
        };
        if let Some(overload) = &self.overload {
            overload.refused(topic, limit);
        }
        SubmitError::QueueFull
    }
}
