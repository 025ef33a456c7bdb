//! Handlers that ship with the server.

pub mod devices;
pub mod echo;
pub mod rooms;
pub mod roulette;
pub mod webhook;
