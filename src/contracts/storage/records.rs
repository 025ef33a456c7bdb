//! Event record of messages.

use async_trait::async_trait;

use super::error::StorageError;
use super::queue::Partition;
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;

/// Event record of messages.
#[async_trait]
pub trait Records: Send + Sync {
    /// Records facts without a move of their message, once. A state of an outbound message is not
    /// recorded after a later state of it: delivery reports arrive in any order.
    ///
    /// Facts without a kind are recorded nowhere. Either way the provider's id of an outbound message
    /// that is not known to be sent is noted for [`provider_id`](Self::provider_id).
    async fn record(&self, partition: &Partition, facts: Facts) -> Result<(), StorageError>;

    /// Returns the provider's id of an outbound message that a report has named within
    /// [`NOTED`](super::encoding::NOTED), before the message was known to be sent.
    async fn provider_id(
        &self,
        partition: &Partition,
        message: &MessageId,
    ) -> Result<Option<String>, StorageError>;

    /// Returns the recorded events, oldest first, or those of one message.
    async fn events(
        &self,
        partition: &Partition,
        message: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError>;

    /// Returns which of these provider ids belong to messages that are known to be sent.
    async fn known_sent(
        &self,
        partition: &Partition,
        provider_ids: &[String],
    ) -> Result<Vec<bool>, StorageError>;
}
