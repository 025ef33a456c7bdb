//! The shelf of handlers.
