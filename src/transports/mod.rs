//! The shelf of transports.

pub mod twilio;
