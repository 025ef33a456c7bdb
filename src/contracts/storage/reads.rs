//! Reads of a handler's state.

use async_trait::async_trait;

use super::error::StorageError;
use super::queue::Partition;
use crate::model::state::Member;

/// Reads of a handler's state.
#[async_trait]
pub trait StateReads: Send + Sync {
    /// Returns the values under these keys, in their order.
    async fn values(
        &self,
        partition: &Partition,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StorageError>;

    /// Returns up to `limit` members of a pool, those that joined first in front.
    async fn members(
        &self,
        partition: &Partition,
        pool: &str,
        limit: usize,
    ) -> Result<Vec<Member>, StorageError>;

    /// Returns the number of members of a pool.
    async fn size(&self, partition: &Partition, pool: &str) -> Result<u64, StorageError>;

    /// Returns the total of a counter.
    async fn total(&self, partition: &Partition, counter: &str) -> Result<i64, StorageError>;
}
