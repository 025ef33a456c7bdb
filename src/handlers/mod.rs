//! The shelf of handlers.

pub mod echo;
pub mod roulette;
