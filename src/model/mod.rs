//! Domain types: plain data without I/O.

pub mod address;
pub mod clock;
pub mod event;
pub mod keyword;
pub mod message;
pub mod phone;
pub mod segment;
pub mod state;
pub mod topic;
