//! The shelf of transports.

pub mod twilio;
pub mod unconfigured;
