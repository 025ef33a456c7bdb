//! Handlers that ship with the server.

pub mod devices;
pub mod echo;
pub mod help;
pub mod language;
pub mod ping;
pub mod register;
pub mod rooms;
pub mod roulette;
pub mod router;
pub mod survey;
pub mod webhook;
