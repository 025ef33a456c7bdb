//! Engines: loops over the contracts, independent of every implementation of them.

mod backoff;
pub mod consumer;
pub mod consumers;
mod dedupe;
pub mod dispatcher;
pub mod events;
pub mod gate;
pub mod intake;
pub mod janitor;
pub mod jobs;
pub mod leases;
pub mod lines;
mod notices;
pub mod operations;
mod outage;
mod parts;
pub mod processes;
pub mod scrape;
pub mod settlement;
pub mod sockets;
pub mod submissions;
pub mod sweeper;
pub mod timekeeper;
pub mod topic;
mod unreached;
pub mod worker;
