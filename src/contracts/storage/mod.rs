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

mod claim;
pub mod encoding;
mod error;
mod feeds;
mod moves;
mod pauses;
mod queue;
mod reads;
mod records;
mod safety;
mod settle;
mod upkeep;

pub use claim::{Claim, ClaimRequest, Claimed, Token};
pub use error::StorageError;
pub use feeds::{FeedCursor, FeedEntry, Feeds};
pub use moves::Queues;
pub use pauses::{Pause, PauseScope, Pauses};
pub use queue::{Entry, Partition, Push, Pushed, Queue, QueueKind};
pub use reads::StateReads;
pub use records::Records;
pub use safety::{FailedCheck, SafetyCheck};
pub use settle::{Burial, Commit, Completed, Retry, Settled};
pub use upkeep::{Audit, DeadLetter, Depth, Health, Retention, Upkeep};

/// Everything that a store does.
pub trait Storage: Queues + StateReads + Records + Feeds + Pauses + Upkeep {}

impl<S: Queues + StateReads + Records + Feeds + Pauses + Upkeep> Storage for S {}
