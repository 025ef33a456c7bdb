//! A Redis for scripts. Its clock cannot be advanced, so all due times in it are moved back
//! instead.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::storage::{
    Admission, Admitted, Audit, Budget, Burial, Change, Claim, ClaimRequest, Claimed, Commit,
    Completed, DeadLetter, DeadLetterId, Depth, Earlier, EventCursor, FeedCursor, FeedEntry,
    FeedLimits, Feeds, Head, Health, Inspection, Marks, NextClaims, Operator, Partition, Pause,
    PauseScope, Pauses, Push, Pushed, Queue, Queues, Rates, Reading, Records, Replay, Retention,
    Retry, Settled, Spending, StateReads, StorageError, Token, Trace, Upkeep,
};
use crosswire::model::address::Group;
use crosswire::model::clock::{Clock, ManualClock, SystemClock};
use crosswire::model::event::{Event, Facts};
use crosswire::model::message::{MessageId, Wake};
use crosswire::model::state::Member;
use crosswire::model::topic::TopicName;
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::tester::script::OnAdvance;

use crate::support::redis::RedisServer;

/// Moves every expiry and due time back by ARGV[1] milliseconds.
const AGE: &str = "
    for _, key in ipairs(redis.call('KEYS', '*')) do
        local left = redis.call('PTTL', key)
        if left >= 0 then
            redis.call('PEXPIRE', key, string.format('%.0f', math.max(left - ARGV[1], 0)))
        end
        if string.find(key, ':lease$') or string.find(key, ':delay$')
            or string.find(key, ':wakes$') then
            for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
                redis.call('ZINCRBY', key, '-' .. ARGV[1], member)
            end
        end
    end";

/// Hook for each advance of the harness' clock.
pub(super) async fn ageing(server: &RedisServer) -> OnAdvance {
    let connection = server.connection().await;
    Box::new(move |time| {
        let mut connection = connection.clone();
        Box::pin(async move {
            let mut command = redis::cmd("EVAL");
            command.arg(AGE).arg(0).arg(u64::try_from(time.as_millis()).unwrap());
            command.exec_async(&mut connection).await.unwrap();
        })
    })
}

/// A Redis that receives times in terms of its own clock.
pub(super) struct AgedRedis {
    redis: Redis,
    clock: Arc<ManualClock>,
}

impl AgedRedis {
    pub(super) async fn new(server: &RedisServer, clock: Arc<ManualClock>) -> Self {
        let settings = RedisConfig { url: server.url().into(), verify_tls: true, wait_replicas: 0 };
        Self { redis: Redis::connect(settings).await.unwrap(), clock }
    }

    fn translate(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let behind: TimeDelta = SystemClock.now() - self.clock.now();
        at + behind
    }
}

/// Implements a part of the contract by forwarding its calls.
macro_rules! forward {
    ($part:ident { $(fn $call:ident($($name:ident: $type:ty),*) -> $answer:ty;)* } $($own:tt)*) => {
        #[async_trait]
        impl $part for AgedRedis {
            $($own)*

            $(async fn $call(&self, $($name: $type),*) -> Result<$answer, StorageError> {
                self.redis.$call($($name),*).await
            })*
        }
    };
}

forward! {
    Queues {
        fn push(partition: &Partition, push: Push) -> Pushed;
        fn claim(queue: &Queue, ask: &ClaimRequest) -> Claimed;
        fn retry(claim: Claim, retry: Retry) -> Settled;
        fn release(claim: Claim) -> Settled;
        fn bury(claim: Claim, burial: Burial) -> Settled;
        fn extend(queue: &Queue, lease: Duration, claims: &[(Group, Token)]) -> Vec<Group>;
        fn reclaim(queue: &Queue) -> u64;
        fn wait(queue: &Queue, patience: Duration) -> ();
    }

    async fn complete(
        &self,
        claim: Claim,
        mut commit: Commit,
        claims: &NextClaims,
    ) -> Result<Completed, StorageError> {
        for (_, at) in &mut commit.wakes {
            *at = at.map(|at| self.translate(at));
        }
        self.redis.complete(claim, commit, claims).await
    }

    async fn schedule(
        &self,
        partition: &Partition,
        wake: Wake,
        due: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        self.redis.schedule(partition, wake, self.translate(due)).await
    }
}

forward! {
    StateReads {
        fn values(partition: &Partition, keys: &[String]) -> Vec<Option<String>>;
        fn members(partition: &Partition, pool: &str, limit: usize) -> Vec<Member>;
        fn size(partition: &Partition, pool: &str) -> u64;
        fn total(partition: &Partition, counter: &str) -> i64;
    }
}

forward! {
    Records {
        fn record(partition: &Partition, facts: Facts) -> ();
        fn provider_id(partition: &Partition, message: &MessageId) -> Option<String>;
        fn events(partition: &Partition, message: Option<&MessageId>) -> Vec<Event>;
        fn known_sent(partition: &Partition, provider_ids: &[String]) -> Vec<bool>;
    }
}

forward! {
    Feeds {
        fn publish(feed: &str, line: &str, limits: FeedLimits) -> FeedCursor;
        fn follow(feed: &str, after: Option<&FeedCursor>, patience: Duration) -> Vec<FeedEntry>;
    }
}

forward! {
    Pauses {
        fn pause(topic: &TopicName, pause: &Pause) -> ();
        fn pauses(topic: &TopicName) -> Vec<Pause>;
        fn resume(topic: &TopicName, scope: &PauseScope) -> ();
    }
}

forward! {
    Rates {
        fn admit(topic: &TopicName, admission: &Admission) -> Admitted;
        fn refund(topic: &TopicName, budgets: &[Budget], cost: u32, day: u64) -> ();
        fn spending(topic: &TopicName, scope: &str) -> Spending;
        fn raise(topic: &TopicName, scope: &str, segments: u64) -> ();
    }
}

forward! {
    Upkeep {
        fn depth(queue: &Queue) -> Depth;
        fn audit(queue: &Queue, every: Duration) -> Option<Audit>;
        fn time() -> DateTime<Utc>;
        fn keep_time(partition: &Partition, earlier: Option<Earlier>) -> Reading;
        fn trim(partition: &Partition, retention: Retention, every: Duration) -> ();
        fn take_turn(partition: &Partition, work: &str, every: Duration) -> bool;
        fn remember_partitions(topic: &TopicName, count: u16) -> u16;
        fn known_partitions(topic: &TopicName) -> Option<u16>;
        fn change_partitions(topic: &TopicName, count: u16) -> ();
        fn health() -> Health;
    }
}

forward! {
    Operator {
        fn apply(partition: &Partition, change: Change) -> ();
        fn search(partition: &Partition, marks: &Marks) -> Vec<Trace>;
        fn mailbox(partition: &Partition, group: &Group) -> Vec<String>;
        fn erase(partition: &Partition, traces: &[Trace]) -> ();
        fn erase_line(feed: &str, line: &FeedCursor) -> ();
    }
}

forward! {
    Inspection {
        fn heads(queue: &Queue, limit: usize) -> Vec<Head>;
        fn dead_letters_before(
            queue: &Queue,
            before: Option<&DeadLetterId>,
            limit: usize
        ) -> Vec<(DeadLetterId, DeadLetter)>;
        fn dead_letters_of(queue: &Queue, ids: &[DeadLetterId]) -> Vec<(DeadLetterId, DeadLetter)>;
        fn replay(queue: &Queue, replays: &[Replay]) -> u64;
        fn discard(queue: &Queue, letters: &[(DeadLetterId, Option<Facts>)]) -> u64;
        fn events_after(
            partition: &Partition,
            after: Option<&EventCursor>,
            limit: usize
        ) -> Vec<(EventCursor, Event)>;
    }
}
