//! What a storage promises, and whether it keeps it.

mod contract;
pub(crate) mod fixture;
mod lost_replies;
mod model;
mod on_redis;
mod on_sqlite;
mod outbound_counts;
mod redis_specific;
mod sqlite_specific;
mod topologies;
