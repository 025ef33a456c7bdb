#![doc = include_str!("../README.md")]
//!
//! # The house
//!
//! From the ground up; a module uses the floors below its own, never above or beside. Handlers of
//! one's own begin at [`handler`] and [`App`].

// Ground: words. No I/O, no async.
pub mod address;
pub mod clock;
pub mod event;
pub mod message;
pub mod segment;
pub mod state;
pub mod topic;

// First floor: contracts. Traits, their values, their errors.
pub mod handler;
pub mod storage;
pub mod transport;
pub mod validator;

// Second floor: shelves. Files on a shelf never know each other.
pub mod handlers;
pub mod transports;
pub mod validators;

// The engine room: what the engines are driven by.
pub mod consumer;
pub mod leases;

// Third floor: engines. They know contracts, never a shelf.
pub mod dispatcher;
pub mod intake;
pub mod janitor;
pub mod worker;

// Fourth floor: wiring and doors.
pub mod app;
pub mod config;
pub mod crew;
pub mod phones;
pub mod registry;
pub mod routes;
pub mod script;
pub mod telemetry;

pub use app::App;
