//! The event record of messages.

use async_trait::async_trait;

use super::error::StorageError;
use super::queue::Partition;
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;

/// The event record of messages.
#[async_trait]
pub trait Records: Send + Sync {
    /// Records facts about a message that is not pushed, once per message id.
    async fn record(&self, partition: &Partition, facts: Facts) -> Result<(), StorageError>;

    /// What is recorded, oldest first; of one message when `message` is given.
    async fn events(
        &self,
        partition: &Partition,
        message: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError>;

    /// Which of these provider ids belong to messages that we know to be sent.
    async fn known_sent(
        &self,
        partition: &Partition,
        provider_ids: &[String],
    ) -> Result<Vec<bool>, StorageError>;
}
