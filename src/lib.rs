#![doc = include_str!("../docs/handlers.md")]

pub mod contracts;
pub mod model;

pub mod handlers;
// For this crate's own tests and benches.
#[doc(hidden)]
pub mod stores;
pub mod transports;
pub mod validators;

// For this crate's own tests and benches.
#[doc(hidden)]
pub mod engine;

pub mod app;
// For this crate's own tests.
#[doc(hidden)]
pub mod http;
// For this crate's own tests.
#[doc(hidden)]
pub mod tester;

pub mod prelude;

pub use app::App;
pub use contracts::handler::Result;
