//! Transports, one per provider. A transport uses none of its neighbours.

pub mod http;
pub mod kannel;
pub mod twilio;
#[doc(hidden)]
pub mod unconfigured;
pub mod websocket;
