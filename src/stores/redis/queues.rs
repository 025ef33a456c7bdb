//! The moves of a message.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use redis::{Value, cmd};

use super::call::ScriptCall;
use super::keys::queue_prefix;
use super::reply::{decode, read_claim};
use super::{MAX_BLOCK, Redis, moves};
use crate::contracts::storage::{
    Burial, Claim, ClaimRequest, Claimed, Commit, Completed, Entry, Partition, Push, Pushed, Queue,
    Queues, Retry, Settled, StorageError, Token,
};
use crate::model::address::Group;
use crate::model::message::Wake;

#[async_trait]
impl Queues for Redis {
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError> {
        let reply: String = decode(self.shared.send(&moves::push(partition, &push)).await?)?;
        match reply.as_str() {
            "OK" => Ok(Pushed::Accepted),
            "DUP" => Ok(Pushed::Duplicate),
            "FULL" => Ok(Pushed::Full),
            "GROUPFULL" => Ok(Pushed::GroupFull),
            "BARRED" => Ok(Pushed::Barred),
            "LIMITED" => Ok(Pushed::Limited),
            other => Err(StorageError::Corrupt(format!("push replied {other}"))),
        }
    }

    async fn claim(&self, queue: &Queue, request: &ClaimRequest) -> Result<Claimed, StorageError> {
        match self.shared.send(&moves::claim(queue, request)).await {
            Ok(reply) => read_claim(queue, &request.token, reply),
            Err(error) => {
                self.release_unreplicated(queue, request).await;
                Err(error)
            }
        }
    }

    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        next: Option<&ClaimRequest>,
    ) -> Result<Completed, StorageError> {
        let reply = match self.shared.send(&moves::complete(&claim, &commit, next)).await {
            Ok(reply) => reply,
            Err(error) => {
                if let Some(request) = next {
                    self.release_unreplicated(&claim.queue, request).await;
                }
                return Err(error);
            }
        };
        let (settled, rest): (String, Value) = decode(reply)?;
        if settled == "CONGESTED" {
            let settled = Settled::Congested(Box::new(claim));
            return Ok(Completed { settled, next: None });
        }
        if settled == "CONFLICT" {
            let state = decode(rest)?;
            let settled = Settled::Conflict(Box::new(Claim { state, ..claim }));
            return Ok(Completed { settled, next: None });
        }
        let next = match (next, rest) {
            (Some(request), claimed @ Value::Array(_)) => {
                Some(read_claim(&claim.queue, &request.token, claimed)?)
            }
            _ => None,
        };
        Ok(Completed { settled: read_settled(&settled), next })
    }

    async fn retry(&self, claim: Claim, retry: Retry) -> Result<Settled, StorageError> {
        self.settle(moves::retry(&claim, &retry)).await
    }

    async fn release(&self, claim: Claim) -> Result<Settled, StorageError> {
        self.settle(moves::release(&claim)).await
    }

    async fn bury(&self, claim: Claim, burial: Burial) -> Result<Settled, StorageError> {
        self.settle(moves::bury(&claim, &burial)).await
    }

    async fn extend(
        &self,
        queue: &Queue,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Result<Vec<Group>, StorageError> {
        let reply = self.shared.send(&moves::extend(queue, lease, claims)).await?;
        Ok(decode::<Vec<String>>(reply)?.into_iter().map(Group::from_id).collect())
    }

    async fn reclaim(&self, queue: &Queue) -> Result<u64, StorageError> {
        decode(self.shared.send(&moves::reclaim(queue)).await?)
    }

    async fn schedule(
        &self,
        partition: &Partition,
        wake: Wake,
        due: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        self.shared.send(&moves::schedule(partition, &Entry::wake(wake), due)).await.map(drop)
    }

    async fn wait(&self, queue: &Queue, patience: Duration) -> Result<(), StorageError> {
        let key = format!("{}bell", queue_prefix(queue));
        // A timeout of zero would block for ever.
        let patience = patience.clamp(Duration::from_millis(1), MAX_BLOCK);
        let mut pop = cmd("BLPOP");
        pop.arg(&key).arg(patience.as_secs_f64());
        self.blocking.send(&key, &pop).await.map(drop)
    }
}

impl Redis {
    async fn settle(&self, call: ScriptCall) -> Result<Settled, StorageError> {
        let reply: String = decode(self.shared.send(&call).await?)?;
        Ok(read_settled(&reply))
    }

    /// Releases a claim that was made but did not reach enough replicas, so that its caller knows
    /// nothing of it. Left to its lease, its message would come to look like one that kills workers.
    async fn release_unreplicated(&self, queue: &Queue, request: &ClaimRequest) {
        if self.wait_replicas == 0 {
            return;
        }
        let once = |call: ScriptCall| call.without_replicas().patience(Duration::ZERO);
        // Without a claim of this token the call makes one, and that is released.
        let held = once(moves::claim(queue, request).mark_repeated());
        let held = self.shared.send(&held).await;
        let held = held.and_then(|held| read_claim(queue, &request.token, held));
        if let Ok(Claimed::Message(claim)) = held {
            // A store that is unavailable now leaves the claim to the end of its lease.
            let _ = self.shared.send(&once(moves::release(&claim))).await;
        }
    }
}

fn read_settled(reply: &str) -> Settled {
    if reply == "OK" { Settled::Done } else { Settled::LeaseLost }
}
