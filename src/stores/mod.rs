//! The shelf of stores: implementations of [`Storage`](crate::contracts::storage::Storage).

pub mod redis;
pub mod sqlite;
