//! Contract of a store: queues of messages kept in order per group, and the state that changes with
//! them.
//!
//! A message is *pushed* to its group's list and stays at the head of it until it is *completed* or
//! *buried*. A *claim* only takes the group out of the ready list, under a lease. The worker settles
//! its claim by one of the moves below, which take it by value: it cannot be settled twice. A
//! settlement is fenced twice, by the claim's token and by the identity of the list's head. One that
//! comes too late changes nothing and returns [`Settled::LeaseLost`]; the worker then does nothing,
//! because another one has the message.
//!
//! Every move is idempotent: repeated after an unknown outcome, it takes effect once. The store
//! repeats moves itself; an error that it returns as [`StorageError::Unavailable`] is worth waiting
//! for.

mod claim;
mod clock;
pub mod encoding;
mod error;
mod feeds;
mod inspection;
mod moves;
mod operator;
mod pauses;
mod push;
mod queue;
pub mod rates;
mod reads;
mod records;
mod safety;
mod settle;
pub mod transfer;
mod upkeep;

pub use claim::{Claim, ClaimRequest, Claimed, NextClaims, Token};
pub use clock::{Earlier, Reading, STEP};
pub use error::StorageError;
pub use feeds::{FeedCursor, FeedEntry, FeedLimits, Feeds};
pub use inspection::{DeadLetterId, EventCursor, Head, HeadState, Inspection, Replay};
pub use moves::Queues;
pub use operator::{Change, Marks, Operator, Place, Trace};
pub use pauses::{Pause, PauseScope, Pauses, UNTIL_RESUMED};
pub use push::{Once, Push, Pushed, SenderRate};
pub use queue::{Entry, Partition, Queue, QueueKind};
pub use rates::{Admission, Admitted, Bucket, Budget, Rates, Repeat, Spending};
pub use reads::StateReads;
pub use records::Records;
pub use safety::{FailedCheck, SafetyCheck};
pub use settle::{Burial, Commit, Completed, RecipientLimit, Retry, Settled};
pub use upkeep::{Audit, DeadLetter, Depth, Health, Retention, Upkeep};

/// Store: all parts of the contract.
pub trait Storage:
    Queues + StateReads + Records + Feeds + Pauses + Rates + Upkeep + Operator + Inspection
{
}

impl<S> Storage for S where
    S: Queues + StateReads + Records + Feeds + Pauses + Rates + Upkeep + Operator + Inspection
{
}
