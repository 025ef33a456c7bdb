//! Transports, one per provider. A transport uses none of its neighbours.

pub mod twilio;
pub mod unconfigured;
