//! The shelf of transports.
