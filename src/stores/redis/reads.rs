//! Reads of a handler's state.

use async_trait::async_trait;
use redis::cmd;

use super::call::ScriptCall;
use super::keys::tag;
use super::reply::decode;
use super::{Redis, scripts};
use crate::contracts::storage::{Partition, StateReads, StorageError};
use crate::model::address::Group;
use crate::model::state::Member;

#[async_trait]
impl StateReads for Redis {
    async fn values(
        &self,
        partition: &Partition,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StorageError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let call = ScriptCall::of_move(&scripts::MOVES, "values", partition).without_replicas();
        decode(self.move_one(keys.iter().fold(call, ScriptCall::arg)).await?)
    }

    async fn members(
        &self,
        partition: &Partition,
        pool: &str,
        limit: usize,
    ) -> Result<Vec<Member>, StorageError> {
        let call =
            ScriptCall::new(&scripts::MEMBERS, partition).without_replicas().arg(pool).arg(limit);
        let members: Vec<(String, u64)> = decode(self.shared.send(&call).await?)?;
        let member = |(group, ticket)| Member { group: Group::from_id(group), ticket };
        Ok(members.into_iter().map(member).collect())
    }

    async fn size(&self, partition: &Partition, pool: &str) -> Result<u64, StorageError> {
        let mut command = cmd("ZCARD");
        command.arg(format!("{}pool:{pool}", tag(partition)));
        decode(self.read(partition, command).await?)
    }

    async fn total(&self, partition: &Partition, counter: &str) -> Result<i64, StorageError> {
        let mut command = cmd("GET");
        command.arg(format!("{}c:{counter}", tag(partition)));
        Ok(decode::<Option<i64>>(self.read(partition, command).await?)?.unwrap_or(0))
    }
}
