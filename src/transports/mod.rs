//! The shelf of transports.

pub mod tester;
pub mod twilio;
pub mod unconfigured;
