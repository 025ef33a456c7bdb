//! Reads of a handler's state.

use async_trait::async_trait;
use rusqlite::params;

use super::Sqlite;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64, to_u64};
use crate::contracts::storage::{Partition, StateReads, StorageError};
use crate::model::address::Group;
use crate::model::state::Member;

#[async_trait]
impl StateReads for Sqlite {
    async fn values(
        &self,
        partition: &Partition,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StorageError> {
        let (partition, keys) = (partition.clone(), keys.to_vec());
        self.read(move |tx| {
            let row = tx.find_partition(&partition)?;
            keys.iter().map(|key| tx.value(&row, key)).collect()
        })
        .await
    }

    async fn members(
        &self,
        partition: &Partition,
        pool: &str,
        limit: usize,
    ) -> Result<Vec<Member>, StorageError> {
        let (partition, pool) = (partition.clone(), pool.to_owned());
        self.read(move |tx| members(tx, &partition, &pool, limit)).await
    }

    async fn size(&self, partition: &Partition, pool: &str) -> Result<u64, StorageError> {
        let (partition, pool) = (partition.clone(), pool.to_owned());
        self.read(move |tx| {
            let row = tx.find_partition(&partition)?;
            let size = tx.query_number(
                "SELECT count(*) FROM pools WHERE partition = ?1 AND pool = ?2 AND until > ?3",
                params![row.number, pool, tx.now],
            )?;
            Ok(to_u64(size.unwrap_or_default()))
        })
        .await
    }

    async fn total(&self, partition: &Partition, counter: &str) -> Result<i64, StorageError> {
        let (partition, counter) = (partition.clone(), counter.to_owned());
        self.read(move |tx| {
            let row = tx.find_partition(&partition)?;
            let total = tx.query_number(
                "SELECT total FROM counters WHERE partition = ?1 AND counter = ?2 AND until > ?3",
                params![row.number, counter, tx.now],
            )?;
            Ok(total.unwrap_or_default())
        })
        .await
    }
}

impl Transaction<'_> {
    /// Returns a value whose time is not over.
    pub(super) fn value(&self, row: &PartitionRow<'_>, key: &str) -> StorageResult<Option<String>> {
        self.query_optional(
            "SELECT value FROM state WHERE partition = ?1 AND key = ?2 AND until > ?3",
            params![row.number, key, self.now],
            |row| row.get(0),
        )
    }
}

fn members(
    tx: &Transaction<'_>,
    partition: &Partition,
    pool: &str,
    limit: usize,
) -> StorageResult<Vec<Member>> {
    tx.query_all(
        "SELECT mailbox, ticket FROM pools
         WHERE partition = ?1 AND pool = ?2 AND until > ?3 ORDER BY ticket LIMIT ?4",
        params![tx.find_partition(partition)?.number, pool, tx.now, to_i64(limit)],
        |row| {
            let group = Group::from_id(row.get::<_, String>(0)?);
            Ok(Member { group, ticket: to_u64(row.get(1)?) })
        },
    )
}
