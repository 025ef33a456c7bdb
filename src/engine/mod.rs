//! The engines: loops over the contracts, which know no implementation of them.

pub mod consumer;
pub mod consumers;
pub mod dispatcher;
pub mod intake;
pub mod janitor;
pub mod leases;
pub mod topic;
pub mod worker;
