//! Inspection of the store, page by page, and what an operator does about dead letters.

use async_trait::async_trait;

use super::Redis;
use crate::contracts::storage::{
    DeadLetter, DeadLetterId, EventCursor, Head, Inspection, Partition, Queue, Replay, StorageError,
};
use crate::model::event::{Event, Facts};

#[async_trait]
impl Inspection for Redis {
    async fn heads(&self, _: &Queue, _: usize) -> Result<Vec<Head>, StorageError> {
        Ok(Vec::new())
    }

    async fn dead_letters_before(
        &self,
        _: &Queue,
        _: Option<&DeadLetterId>,
        _: usize,
    ) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError> {
        Ok(Vec::new())
    }

    async fn dead_letters_of(
        &self,
        _: &Queue,
        _: &[DeadLetterId],
    ) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError> {
        Ok(Vec::new())
    }

    async fn replay(&self, _: &Queue, _: &[Replay]) -> Result<u64, StorageError> {
        Ok(0)
    }

    async fn discard(
        &self,
        _: &Queue,
        _: &[(DeadLetterId, Option<Facts>)],
    ) -> Result<u64, StorageError> {
        Ok(0)
    }

    async fn events_after(
        &self,
        _: &Partition,
        _: Option<&EventCursor>,
        _: usize,
    ) -> Result<Vec<(EventCursor, Event)>, StorageError> {
        Ok(Vec::new())
    }
}
