//! The shelf of validators.

pub mod length;
pub mod parseable;
pub mod pattern;
pub mod profanity;
