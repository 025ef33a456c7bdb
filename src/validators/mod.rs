//! Validators that ship with the server.

pub mod length;
pub mod parseable;
pub mod pattern;
pub mod profanity;
