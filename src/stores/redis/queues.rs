//! The moves of a message.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use redis::{Value, cmd};

use super::batch::Batch;
use super::call::ScriptCall;
use super::keys::queue_prefix;
use super::reply::{decode, read_claimed};
use super::{MAX_BLOCK, Redis, moves};
use crate::contracts::storage::{
    Burial, Claim, ClaimRequest, Claimed, Commit, Completed, Entry, NextClaims, Partition, Push,
    Pushed, Queue, QueueKind, Queues, Retry, Settled, StorageError, Token,
};
use crate::model::address::Group;
use crate::model::message::Wake;

#[async_trait]
impl Queues for Redis {
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError> {
        let reply: String = decode(self.push_one(moves::push(partition, &push)).await?)?;
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
        match self.move_one(moves::claim(queue, request)).await {
            Ok(reply) => read_claimed(queue, Some(request), reply),
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
        claims: &NextClaims,
    ) -> Result<Completed, StorageError> {
        let outbox = Queue { kind: QueueKind::Outbox, ..claim.queue.clone() };
        // Claims of the outbox would have to be on the replicas, and a completion, which needs none of them,
        // must not fail when those are away.
        let owed = claims.owed.as_ref().filter(|_| self.wait_replicas == 0);
        let next = claims.next.as_ref();
        let reply = match self.move_one(moves::complete(&claim, &commit, next, owed)).await {
            Ok(reply) => reply,
            Err(error) => {
                for (queue, request) in [(&claim.queue, next), (&outbox, owed)] {
                    if let Some(request) = request {
                        self.release_unreplicated(queue, request).await;
                    }
                }
                return Err(error);
            }
        };
        let unclaimed =
            |settled| Completed { settled, next: Claimed::default(), owed: Claimed::default() };
        let Value::Array(fields) = reply else { return Err(another_shape()) };
        let mut fields = fields.into_iter();
        let mut field = || fields.next().unwrap_or(Value::Nil);
        match decode::<String>(field())?.as_str() {
            "CONGESTED" => Ok(unclaimed(Settled::Congested(Box::new(claim)))),
            "CONFLICT" => {
                let state = decode(field())?;
                Ok(unclaimed(Settled::Conflict(Box::new(Claim { state, ..claim }))))
            }
            settled => Ok(Completed {
                settled: read_settled(settled),
                next: read_claimed(&claim.queue, next, field())?,
                owed: read_claimed(&outbox, owed, field())?,
            }),
        }
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
        let reply: String = decode(self.move_one(call).await?)?;
        Ok(read_settled(&reply))
    }

    /// Releases claims that were made but did not reach enough replicas, so that their caller knows
    /// nothing of them. Left to their lease, their messages would come to look like some that kill workers.
    async fn release_unreplicated(&self, queue: &Queue, request: &ClaimRequest) {
        if self.wait_replicas == 0 {
            return;
        }
        let once = |call: ScriptCall| call.without_replicas().patience(Duration::ZERO);
        // Without claims of this token the call makes some, and those are released.
        let held = Batch::repeated(once(moves::claim(queue, request)));
        let Ok(Value::Array(mut replies)) = self.shared.send(&held).await else { return };
        let held = read_claimed(queue, Some(request), replies.pop().unwrap_or(Value::Nil));
        for claim in held.unwrap_or_default().claims {
            // On its own, since a batch has the patience of its least patient move. A store that is
            // unavailable now leaves the claim to the end of its lease.
            let release = Batch::new(vec![once(moves::release(&claim))]);
            let _ = self.shared.send(&release).await;
        }
    }
}

fn read_settled(reply: &str) -> Settled {
    if reply == "OK" { Settled::Done } else { Settled::LeaseLost }
}

fn another_shape() -> StorageError {
    StorageError::Corrupt("a settlement of another shape".to_owned())
}
