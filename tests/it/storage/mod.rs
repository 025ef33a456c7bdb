//! Tests of the storage contract and of its implementations.

mod contract;
mod figures;
pub(crate) mod fixture;
mod lost_replies;
mod model;
pub(crate) mod on_redis;
mod on_sqlite;
mod outbound_counts;
mod redis_specific;
mod sqlite_specific;
mod steps;
mod topologies;
mod transfer;
