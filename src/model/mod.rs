//! Domain types: plain data without I/O.

pub mod address;
pub mod budget;
// Hidden modules are for the engine, the stores and this crate's own tests.
#[doc(hidden)]
pub mod characters;
#[doc(hidden)]
pub mod clock;
pub mod command;
pub mod connection;
#[doc(hidden)]
pub mod consent;
mod domains;
#[doc(hidden)]
pub mod event;
pub mod frame;
#[doc(hidden)]
pub mod gsm;
#[doc(hidden)]
pub mod job;
#[doc(hidden)]
pub mod keyword;
#[doc(hidden)]
pub mod mask;
pub mod message;
#[doc(hidden)]
pub mod network;
pub mod parameters;
#[doc(hidden)]
pub mod phone;
#[doc(hidden)]
pub mod picture;
#[doc(hidden)]
pub mod relayed;
#[doc(hidden)]
pub mod sealed;
#[doc(hidden)]
pub mod segment;
#[doc(hidden)]
pub mod smart;
#[doc(hidden)]
pub mod spreadsheet;
#[doc(hidden)]
pub mod standing;
#[doc(hidden)]
pub mod state;
pub mod table;
#[doc(hidden)]
pub mod template;
pub mod text;
pub mod token;
pub mod topic;
#[doc(hidden)]
pub mod topic_events;
