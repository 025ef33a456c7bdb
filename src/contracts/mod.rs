//! Traits, their values and their errors. Every error says what to do next.

pub mod handler;
pub mod settings;
pub mod storage;
pub mod transport;
pub mod validator;
