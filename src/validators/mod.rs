//! The shelf of validators.
