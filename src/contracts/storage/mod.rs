//! The contract of a store: queues of messages kept in order per group, and the state that changes
//! with them.
//!
//! A message is *pushed* to its group's list and stays at the head of it until it is *completed* or
//! *buried*. A *claim* only takes the group out of the ready list, under a lease. Whoever holds a
//! claim settles it by one of the moves below, which take it by value: it cannot be settled twice.
//! A settlement is fenced twice, by the claim's token and by the identity of the list's head; one
//! that comes too late changes nothing and says [`Settled::LeaseLost`], upon which the caller does
//! nothing, for somebody else has the message.
//!
//! Every move may be asked again when its outcome is unknown, and takes effect once. The storage
//! asks again itself; what it reports as [`StorageError::Unavailable`] is worth waiting for.

pub mod encoding;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::model::address::{Group, GroupKey};
use crate::model::event::{Event, Facts};
use crate::model::message::{Mail, MessageId, Outbound, Wake};
use crate::model::state::{Check, Member, Write};
use crate::model::topic::TopicName;

/// Which of a partition's two queues: what was said to us, or what we owe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueKind {
    Inbound,
    Outbox,
}

/// A slice of a topic: the unit that lives on one Redis hash slot, and commits as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    pub topic: TopicName,
    pub number: u16,
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.topic, self.number)
    }
}

/// A queue of messages in order per group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Queue {
    pub partition: Partition,
    pub kind: QueueKind,
}

/// Something to go into a queue. The payload is the caller's own; no storage reads it, and no
/// `Debug` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub group: Group,
    pub id: MessageId,
    pub payload: String,
}

impl Entry {
    /// An owed message, on its way into the outbox: its group is the recipient, so that what one
    /// person is sent keeps its order.
    pub fn owed(outbound: &Outbound, groups: &GroupKey) -> Self {
        Self {
            group: groups.group(&outbound.to),
            id: outbound.id.clone(),
            payload: serde_json::to_string(outbound)
                .expect("an outbound message is strings throughout"),
        }
    }

    /// A wake, on its way into its group's mailbox: its id is its name, so that two of one name are
    /// one.
    pub fn wake(wake: Wake) -> Self {
        Self {
            group: wake.group.clone(),
            id: MessageId::new(format!("wake:{}", wake.name)),
            payload: serde_json::to_string(&Mail::Wake(wake))
                .expect("a wake is strings and JSON throughout"),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("group", &self.group)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// An accepted message on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub entry: Entry,
    /// What we owe for it already, put into the outbox in the same step.
    pub outbox: Vec<Entry>,
    pub facts: Facts,
    pub max_depth: u64,
    pub max_group_depth: u64,
    pub records: Records,
}

/// How much of the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Records {
    pub max: u64,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    Accepted,
    /// A message of this id was accepted within the last days; nothing has changed.
    Duplicate,
    /// The topic's queues are full; nothing has changed.
    Full,
    /// The sender's mailbox is full; the message was dropped and that was recorded.
    GroupFull,
}

/// What a worker asks for when it wants a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// New for each claim, never used again: 128 random bits.
    pub token: Token,
    pub lease: Duration,
    /// Also look for expired leases, due retries and due wakes first.
    pub reclaim: bool,
}

/// Proves that a claim is still ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// 128 bits from the operating system: it cannot collide, even after a store was rolled back.
    pub fn random() -> Self {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(hex::encode(bytes))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message that is ours to work on until its lease ends.
#[derive(PartialEq, Eq)]
pub struct Claim {
    pub queue: Queue,
    pub group: Group,
    pub token: Token,
    /// The message's place in its queue; with the token, what settling it is fenced by.
    pub sequence: u64,
    pub id: MessageId,
    pub payload: String,
    /// Claims of this message that nobody has settled, this one included: the number of workers it
    /// may have killed, plus one.
    pub attempt: u32,
    /// Claims of it while it was a suspect, that is: alone in quarantine, this one included.
    pub isolated: u32,
    /// Failures that were reported with [`Storage::retry`].
    pub failures: u32,
    /// Since when the outcome of an earlier claim is unknown, if it is: it may have got as far as the provider.
    pub outcome_unknown_since: Option<DateTime<Utc>>,
    /// What the last [`Storage::retry`] left for us.
    pub note: Option<String>,
    /// The state under the group's own id, so that reading it costs no round trip.
    pub state: Option<String>,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("queue", &self.queue)
            .field("group", &self.group)
            .field("sequence", &self.sequence)
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .field("isolated", &self.isolated)
            .field("failures", &self.failures)
            .field("outcome_unknown_since", &self.outcome_unknown_since)
            .finish_non_exhaustive()
    }
}

impl Claim {
    /// Whether this message is suspected of killing its worker, so that it must be worked on alone.
    pub fn is_suspect(&self) -> bool {
        self.isolated > 0
    }
}

/// What came of asking for a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Claimed {
    Message(Box<Claim>),
    /// Nothing is ready; something is due after this time, if anything is.
    Empty {
        next_due: Option<Duration>,
    },
}

/// Everything that becomes true when a message completes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    pub checks: Vec<Check>,
    pub writes: Vec<Write>,
    /// Into the partition's outbox.
    pub outbox: Vec<Entry>,
    /// Into the partition's own inbound queue, now or at a time. One whose like waits at the end of
    /// its group already, in nobody's hands, is dropped.
    pub wakes: Vec<(Entry, Option<DateTime<Utc>>)>,
    /// Inbound messages one of whose outbound messages is settled by this; whoever has none left
    /// is recorded.
    pub settles: Option<MessageId>,
    /// The provider's id of what was sent, to tell our own messages in its list.
    pub provider_id: Option<String>,
    pub facts: Option<Facts>,
    pub max_records: u64,
}

/// What became of a settlement.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled {
    Done,
    /// A read would come out otherwise now. Nothing has changed, the claim is still ours: run the
    /// handler again.
    Conflict(Box<Claim>),
    /// The message is not ours any more. Nothing has changed by our hand.
    LeaseLost,
}

/// A settlement and the claim that was asked for with it, in one round trip. There is none after a
/// conflict; after a lost lease only when the answer to an earlier call of the same settlement was
/// lost, and the claim with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    pub settled: Settled,
    pub next: Option<Claimed>,
}

/// How a message goes back to the head of its group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    pub after: Duration,
    /// It counts as a failure.
    pub failed: bool,
    /// Whether what it does outside of the store may have happened: then `outcome_unknown_since` stays.
    pub outcome_unknown: bool,
    /// For whoever claims it next.
    pub note: Option<String>,
    pub facts: Option<Facts>,
    pub max_records: u64,
}

/// How a message goes among the dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burial {
    pub reason: String,
    /// What we owe because of it: the word to its sender that it failed.
    pub outbox: Vec<Entry>,
    pub settles: Option<MessageId>,
    pub facts: Option<Facts>,
    pub max_records: u64,
}

/// A buried message.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub group: Group,
    pub id: MessageId,
    pub payload: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("group", &self.group)
            .field("id", &self.id)
            .field("reason", &self.reason)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// How much is where in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages in all groups together.
    pub pending: u64,
    /// Groups.
    pub ready: u64,
    pub leased: u64,
    pub delayed: u64,
    pub suspect: u64,
    /// Wakes whose time has not come.
    pub scheduled: u64,
    pub dead: u64,
}

/// What an audit mended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub groups: u64,
    /// Groups that had messages and stood nowhere.
    pub mended: u64,
}

/// A line of a feed: a log of fixed length that everybody may read, and follow as it grows.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedEntry {
    pub place: FeedCursor,
    pub text: String,
}

impl fmt::Debug for FeedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedEntry").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Where in a feed a line stands. Only its own store can read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedCursor(String);

impl FeedCursor {
    pub fn new(place: impl Into<String>) -> Self {
        Self(place.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long the past is kept, for the store's upkeep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub events: Duration,
    pub dead_letters: Duration,
    pub pool_members: Duration,
}

/// What a store says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Promises that are not kept as configured, each with its fix. Empty: all are.
    pub degraded: Vec<String>,
    /// What makes running on this store a danger to messages, each with its fix.
    pub fatal: Vec<String>,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// Away, full or in between masters: wait and try again; nothing is lost.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// No use in trying again until an operator has mended it.
    #[error("the store refuses us: {0}")]
    Refused(String),
    /// What came back is not of the shape that we wrote.
    #[error("the store holds something that is not ours: {0}")]
    Corrupt(String),
}

#[async_trait]
pub trait Storage: Send + Sync {
    /// Appends a message to its group, once. Durable when it returns.
    async fn push(&self, partition: &Partition, push: Push) -> Result<Pushed, StorageError>;

    /// Records what became of a message that is not pushed, once per message id.
    async fn record(
        &self,
        partition: &Partition,
        facts: Facts,
        max_records: u64,
    ) -> Result<(), StorageError>;

    /// Takes the longest waiting ready group's head.
    async fn claim(&self, queue: &Queue, ask: &ClaimRequest) -> Result<Claimed, StorageError>;

    /// Removes the message from the head of its group and makes its commit true, in one step.
    async fn complete(
        &self,
        claim: Claim,
        commit: Commit,
        next: Option<&ClaimRequest>,
    ) -> Result<Completed, StorageError>;

    /// Leaves the message at the head of its group, which is claimed again after a while.
    async fn retry(&self, claim: Claim, retry: Retry) -> Result<Settled, StorageError>;

    /// Hands a claim back untouched, as if it had never been made.
    async fn release(&self, claim: Claim) -> Result<Settled, StorageError>;

    /// Moves the message from the head of its group to the dead letters.
    async fn bury(&self, claim: Claim, burial: Burial) -> Result<Settled, StorageError>;

    /// Extends the leases that are still ours, and answers which are not.
    async fn extend(
        &self,
        queue: &Queue,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Result<Vec<Group>, StorageError>;

    /// Makes groups ready whose lease has ended, whose retry is due, or which a wake is due for;
    /// answers how many.
    async fn reclaim(&self, queue: &Queue) -> Result<u64, StorageError>;

    /// Waits until something may be ready, at most for `patience`. Never the only way to notice: it
    /// may return early, or late.
    async fn wait(&self, queue: &Queue, patience: Duration) -> Result<(), StorageError>;

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

    /// Which of these provider ids belong to messages that we know to be sent.
    async fn known_sent(
        &self,
        partition: &Partition,
        provider_ids: &[String],
    ) -> Result<Vec<bool>, StorageError>;

    /// What is recorded, oldest first; of one message when `message` is given.
    async fn events(
        &self,
        partition: &Partition,
        message: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError>;

    /// Appends a line to a feed, which keeps about its newest `keep`. When the answer is lost, the
    /// line may stand there twice.
    async fn publish(&self, feed: &str, line: &str, keep: u64) -> Result<(), StorageError>;

    /// The lines of a feed behind `after`, or all that are kept, oldest first. When there is none,
    /// waits for one, at most for `patience`.
    ///
    /// # Errors
    /// `Corrupt` when `after` is no place of this store's.
    async fn follow(
        &self,
        feed: &str,
        after: Option<&FeedCursor>,
        patience: Duration,
    ) -> Result<Vec<FeedEntry>, StorageError>;

    async fn depth(&self, queue: &Queue) -> Result<Depth, StorageError>;

    /// The newest dead letters first.
    async fn dead_letters(
        &self,
        queue: &Queue,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StorageError>;

    /// Finds groups that have messages but stand nowhere, and makes them ready. Whoever asks more
    /// often than `every` gets nothing.
    async fn audit(&self, queue: &Queue, every: Duration) -> Result<Option<Audit>, StorageError>;

    /// Drops what has been kept long enough. Whoever asks more often than `every` changes nothing.
    async fn trim(
        &self,
        partition: &Partition,
        retention: Retention,
        every: Duration,
    ) -> Result<(), StorageError>;

    /// Whether the store can be reached, and keeps what we promise.
    async fn health(&self) -> Result<Health, StorageError>;
}
