//! The store on Redis: standalone, behind sentinels, or a cluster; with TLS or without.
//!
//! Every move is one Lua script (`scripts/`), which Redis runs as one step; where they keep what is in
//! `keys`. The hot path shares one connection that pipelines; the doorbell has one of its own per
//! queue, since it blocks; everything unhurried borrows from a pool.

mod address;
mod call;
mod claims;
mod error;
mod events;
mod feeds;
mod keys;
mod link;
mod moves;
mod pauses;
mod pool;
mod scripts;
mod upkeep;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Value, cmd};
use secrecy::SecretString;

use self::address::Target;
use self::call::{Call, Look};
use self::claims::decode;
use self::keys::{kind, tag};
use self::link::Link;
use self::pool::Pool;
use crate::contracts::storage::{
    Audit, Burial, Claim, ClaimRequest, Claimed, Commit, Completed, DeadLetter, Depth, FeedCursor,
    FeedEntry, Feeds, Health, Partition, Push, Pushed, Queue, Queues, Records, Retention, Retry,
    Settled, StateReads, StorageError, Token, Upkeep,
};
use crate::model::address::Group;
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;
use crate::model::state::Member;
use crate::model::topic::TopicName;

/// An answer is waited for this long before the connection is given up.
///
/// Shorter than the 2 s that web gives a call in all, or nobody would be left to notice that the
/// connection is dead.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The doorbell blocks at most this long; its connection waits a little longer for the answer.
const LONGEST_RING: Duration = Duration::from_secs(2);

/// How to reach a Redis.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://`; see the README.
    pub url: SecretString,
    /// Whether a TLS certificate must be one that the machine trusts.
    pub verify_tls: bool,
    /// Replicas that must have a write before it counts as durable.
    pub wait_replicas: u32,
}

/// The store on Redis.
pub struct Redis {
    target: Target,
    hot: Link,
    /// A connection for each key that somebody blocks on.
    listeners: Mutex<HashMap<String, Arc<Link>>>,
    pool: Pool,
    wait_replicas: u32,
}

impl Redis {
    /// Understands the address and connects.
    ///
    /// # Errors
    /// `Refused` when the address is malformed, `Unavailable` when nobody answers there.
    pub async fn connect(settings: Settings) -> Result<Self, StorageError> {
        let redis = Self::open(settings)?;
        redis.hot.wire().await.map_err(|error| error::give_up(&error))?;
        Ok(redis)
    }

    /// Understands the address and connects when there is something to ask, so that a process may
    /// start before its store does.
    ///
    /// # Errors
    /// `Refused` when the address is malformed.
    pub fn open(settings: Settings) -> Result<Self, StorageError> {
        let Settings { url, verify_tls, wait_replicas } = settings;
        let target = address::parse(&url, verify_tls)?;
        Ok(Self {
            hot: Link::new(target.clone(), RESPONSE_TIMEOUT, wait_replicas),
            listeners: Mutex::default(),
            pool: Pool::new(&target)?,
            wait_replicas,
            target,
        })
    }

    async fn look(&self, partition: &Partition, command: Cmd) -> Result<Value, StorageError> {
        self.hot.ask(&Look { tag: tag(partition), command }).await
    }

    async fn settle(&self, claim: Claim, call: Call) -> Result<Settled, StorageError> {
        drop(claim);
        let answer: String = decode(self.hot.ask(&call).await?)?;
        Ok(if answer == "OK" { Settled::Done } else { Settled::LeaseLost })
    }

    /// A claim that too few replicas have was made all the same, and nobody knows of it. Were it left
    /// to its lease, its message would come to look like one that kills its workers.
    async fn hand_back(&self, queue: &Queue, ask: &ClaimRequest) {
        if self.wait_replicas == 0 {
            return;
        }
        let once = |call: Call| call.fleeting().patience(Duration::ZERO);
        // Should there be no claim of this token, this makes one, and that is handed back.
        let held = once(moves::claim(queue, ask).asked_again());
        let held = self.hot.ask(&held).await.and_then(|held| claims::read(queue, &ask.token, held));
        if let Ok(Claimed::Message(claim)) = held {
            // It fails only when the store is away, and then the lease has to end it after all.
            let _ = self.hot.ask(&once(moves::release(&claim))).await;
        }
    }

    /// Sends a command that blocks until there is something under `key`.
    async fn listen(&self, key: &str, blocking: &Cmd) -> Result<Value, StorageError> {
        let link = self.listener(key);
        let broken = |error: redis::RedisError| error::give_up(&error);
        let (generation, mut wire) = link.wire().await.map_err(broken)?;
        wire.send(blocking, key).await.map_err(|error| {
            link.forget(generation);
            broken(error)
        })
    }

    fn listener(&self, key: &str) -> Arc<Link> {
        let mut listeners = self.listeners.lock().expect("no holder panics");
        let link = listeners.entry(key.to_owned()).or_insert_with(|| {
            let timeout = LONGEST_RING + Duration::from_secs(2);
            Arc::new(Link::new(self.target.clone(), timeout, 0))
        });
        Arc::clone(link)
    }
}

#[async_trait]
impl Queues for Redis {
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError> {
        let answer: String = decode(self.hot.ask(&moves::push(partition, &push)).await?)?;
        match answer.as_str() {
            "OK" => Ok(Pushed::Accepted),
            "DUP" => Ok(Pushed::Duplicate),
            "FULL" => Ok(Pushed::Full),
            "GROUPFULL" => Ok(Pushed::GroupFull),
            other => Err(StorageError::Corrupt(format!("a push answered {other}"))),
        }
    }

    async fn claim(&self, queue: &Queue, ask: &ClaimRequest) -> Result<Claimed, StorageError> {
        match self.hot.ask(&moves::claim(queue, ask)).await {
            Ok(answer) => claims::read(queue, &ask.token, answer),
            Err(error) => {
                self.hand_back(queue, ask).await;
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
        let answer = match self.hot.ask(&moves::complete(&claim, &commit, next)).await {
            Ok(answer) => answer,
            Err(error) => {
                if let Some(ask) = next {
                    self.hand_back(&claim.queue, ask).await;
                }
                return Err(error);
            }
        };
        let (settled, claimed): (String, Value) = decode(answer)?;
        if settled == "CONFLICT" {
            let state = decode(claimed)?;
            let settled = Settled::Conflict(Box::new(Claim { state, ..claim }));
            return Ok(Completed { settled, next: None });
        }
        let next = match (next, claimed) {
            (Some(ask), claimed @ Value::Array(_)) => {
                Some(claims::read(&claim.queue, &ask.token, claimed)?)
            }
            _ => None,
        };
        let settled = if settled == "OK" { Settled::Done } else { Settled::LeaseLost };
        Ok(Completed { settled, next })
    }

    async fn retry(&self, claim: Claim, retry: Retry) -> Result<Settled, StorageError> {
        let call = moves::retry(&claim, &retry);
        self.settle(claim, call).await
    }

    async fn release(&self, claim: Claim) -> Result<Settled, StorageError> {
        let call = moves::release(&claim);
        self.settle(claim, call).await
    }

    async fn bury(&self, claim: Claim, burial: Burial) -> Result<Settled, StorageError> {
        let call = moves::bury(&claim, &burial);
        self.settle(claim, call).await
    }

    async fn extend(
        &self,
        queue: &Queue,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Result<Vec<Group>, StorageError> {
        let answer = self.hot.ask(&moves::extend(queue, lease, claims)).await?;
        Ok(decode::<Vec<String>>(answer)?.into_iter().map(Group::from_id).collect())
    }

    async fn reclaim(&self, queue: &Queue) -> Result<u64, StorageError> {
        decode(self.hot.ask(&moves::reclaim(queue)).await?)
    }

    async fn wait(&self, queue: &Queue, patience: Duration) -> Result<(), StorageError> {
        let mut pop = cmd("BLPOP");
        let key = format!("{}{}bell", tag(&queue.partition), kind(queue.kind));
        // Redis takes a timeout of zero for "for ever".
        let patience = patience.clamp(Duration::from_millis(1), LONGEST_RING);
        pop.arg(&key).arg(patience.as_secs_f64());
        self.listen(&key, &pop).await.map(drop)
    }
}

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
        let tag = tag(partition);
        let mut command = cmd("MGET");
        for key in keys {
            command.arg(format!("{tag}s:{key}"));
        }
        decode(self.look(partition, command).await?)
    }

    async fn members(
        &self,
        partition: &Partition,
        pool: &str,
        limit: usize,
    ) -> Result<Vec<Member>, StorageError> {
        let call = Call::new(&scripts::MEMBERS, partition).fleeting().arg(pool).arg(limit);
        let members: Vec<(String, u64)> = decode(self.hot.ask(&call).await?)?;
        let member = |(group, ticket)| Member { group: Group::from_id(group), ticket };
        Ok(members.into_iter().map(member).collect())
    }

    async fn size(&self, partition: &Partition, pool: &str) -> Result<u64, StorageError> {
        let mut command = cmd("ZCARD");
        command.arg(format!("{}pool:{pool}", tag(partition)));
        decode(self.look(partition, command).await?)
    }

    async fn total(&self, partition: &Partition, counter: &str) -> Result<i64, StorageError> {
        let mut command = cmd("GET");
        command.arg(format!("{}c:{counter}", tag(partition)));
        Ok(decode::<Option<i64>>(self.look(partition, command).await?)?.unwrap_or(0))
    }
}

#[async_trait]
impl Records for Redis {
    async fn record(&self, partition: &Partition, facts: Facts) -> Result<(), StorageError> {
        self.hot.ask(&moves::record(partition, &facts)).await.map(drop)
    }

    async fn events(
        &self,
        partition: &Partition,
        message: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError> {
        let mut events = Vec::new();
        let mut after = "-".to_owned();
        while let Some((last, page)) = self.page_of_events(partition, &after).await? {
            let of_it = |event: &Event| message.is_none_or(|message| event.message == *message);
            events.extend(page.into_iter().filter(of_it));
            after = format!("({last}");
        }
        Ok(events)
    }

    async fn known_sent(
        &self,
        partition: &Partition,
        provider_ids: &[String],
    ) -> Result<Vec<bool>, StorageError> {
        if provider_ids.is_empty() {
            return Ok(Vec::new());
        }
        let tag = tag(partition);
        let mut command = cmd("MGET");
        for id in provider_ids {
            command.arg(format!("{tag}sid:{id}"));
        }
        let known: Vec<Option<String>> = decode(self.look(partition, command).await?)?;
        Ok(known.into_iter().map(|value| value.is_some()).collect())
    }
}

#[async_trait]
impl Feeds for Redis {
    async fn publish(&self, feed: &str, line: &str, keep: u64) -> Result<(), StorageError> {
        let key = feeds::key(feed);
        let command = feeds::append(&key, line, keep);
        self.hot.ask(&Look { tag: key, command }).await.map(drop)
    }

    async fn follow(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<FeedEntry>, StorageError> {
        let key = feeds::key(feed);
        let after = feeds::place(after)?;
        if patience.is_zero() {
            let command = feeds::range(&key, after);
            return feeds::read(self.hot.ask(&Look { tag: key, command }).await?);
        }
        let command = feeds::block(&key, after, patience.min(LONGEST_RING));
        feeds::heard(self.listen(&key, &command).await?)
    }
}

#[async_trait]
impl Upkeep for Redis {
    async fn depth(&self, queue: &Queue) -> Result<Depth, StorageError> {
        self.measure(queue).await
    }

    async fn dead_letters(
        &self,
        queue: &Queue,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StorageError> {
        self.read_dead(queue, limit).await
    }

    async fn audit(&self, queue: &Queue, every: Duration) -> Result<Option<Audit>, StorageError> {
        self.look_over(queue, every).await
    }

    async fn trim(
        &self,
        partition: &Partition,
        retention: Retention,
        every: Duration,
    ) -> Result<(), StorageError> {
        let call = Call::new(&scripts::TRIM, partition)
            .fleeting()
            .millis(every.max(Duration::from_millis(1)))
            .millis(retention.events)
            .millis(retention.dead_letters);
        self.hot.ask(&call).await.map(drop)
    }

    async fn remember_partitions(
        &self,
        topic: &TopicName,
        count: u16,
    ) -> Result<u16, StorageError> {
        let key = keys::partitions(topic);
        let mut remember = cmd("SET");
        remember.arg(&key).arg(count).arg("NX");
        self.hot.ask(&Look { tag: key.clone(), command: remember }).await?;
        let mut read = cmd("GET");
        read.arg(&key);
        decode(self.hot.ask(&Look { tag: key, command: read }).await?)
    }

    async fn known_partitions(&self, topic: &TopicName) -> Result<Option<u16>, StorageError> {
        let key = keys::partitions(topic);
        let mut read = cmd("GET");
        read.arg(&key);
        decode(self.hot.ask(&Look { tag: key, command: read }).await?)
    }

    async fn change_partitions(&self, topic: &TopicName, count: u16) -> Result<(), StorageError> {
        let key = keys::partitions(topic);
        let mut change = cmd("SET");
        change.arg(&key).arg(count);
        self.hot.ask(&Look { tag: key, command: change }).await.map(drop)
    }

    async fn health(&self) -> Result<Health, StorageError> {
        self.examine().await
    }
}
