//! Traits, their values and their errors. Every error says what to do next.

// For the engine, the stores, the pages and this crate's own tests.
#[doc(hidden)]
pub mod figures;
pub mod handler;
pub mod settings;
// For the engine, the stores and this crate's own tests.
#[doc(hidden)]
pub mod storage;
pub mod transport;
pub mod validator;
