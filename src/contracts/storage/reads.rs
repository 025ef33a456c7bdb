//! Reads of a handler's state.

use async_trait::async_trait;

use super::error::StorageError;
use super::queue::Partition;
use crate::model::state::Member;

/// Reads of a handler's state.
#[async_trait]
pub trait StateReads: Send + Sync {
    async fn values(
        &self,
        partition: &Partition,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StorageError>;

    /// Up to `limit` members of a pool, the longest there first.
    async fn members(
        &self,
        partition: &Partition,
        pool: &str,
        limit: usize,
    ) -> Result<Vec<Member>, StorageError>;

    async fn size(&self, partition: &Partition, pool: &str) -> Result<u64, StorageError>;

    async fn total(&self, partition: &Partition, counter: &str) -> Result<i64, StorageError>;
}
