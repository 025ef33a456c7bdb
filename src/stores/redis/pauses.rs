//! Pauses of sending: a hash per topic, in the slot of its first partition.

use std::time::Duration;

use async_trait::async_trait;
use redis::cmd;

use super::Redis;
use super::call::{PlainCommand, ScriptCall};
use super::keys::tag;
use super::reply::decode;
use super::scripts;
use crate::contracts::storage::{Partition, Pause, PauseScope, Pauses, StorageError};
use crate::model::topic::TopicName;

#[async_trait]
impl Pauses for Redis {
    async fn pause(&self, topic: &TopicName, pause: &Pause) -> Result<(), StorageError> {
        let call = ScriptCall::new(&scripts::PAUSE, &Partition::first(topic))
            .without_replicas()
            .arg(pause.scope.encode())
            .millis(pause.remaining)
            .arg(pause.code)
            .arg(&pause.reason);
        self.shared.send(&call).await.map(drop)
    }

    async fn pauses(&self, topic: &TopicName) -> Result<Vec<Pause>, StorageError> {
        let call = ScriptCall::new(&scripts::PAUSES, &Partition::first(topic)).without_replicas();
        let found: Vec<(String, u64, u32, String)> = decode(self.shared.send(&call).await?)?;
        let mut pauses = found
            .into_iter()
            .map(|(scope, remaining, code, reason)| {
                let remaining = Duration::from_millis(remaining);
                Ok(Pause { scope: PauseScope::decode(&scope)?, remaining, code, reason })
            })
            .collect::<Result<Vec<_>, StorageError>>()?;
        pauses.sort_by(|one, other| one.scope.cmp(&other.scope));
        Ok(pauses)
    }

    async fn resume(&self, topic: &TopicName, scope: &PauseScope) -> Result<(), StorageError> {
        let tag = tag(&Partition::first(topic));
        let mut command = cmd("HDEL");
        command.arg(format!("{tag}pauses")).arg(scope.encode());
        self.shared.send(&PlainCommand { key: tag, command }).await.map(drop)
    }
}
