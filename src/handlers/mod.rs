//! Handlers that ship with the server.

pub mod echo;
pub mod roulette;
