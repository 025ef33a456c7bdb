//! Sockets of two web processes and the workers between them, on both stores, stepped by hand.

mod client;
mod deployment;
mod exactly_once;
mod limits;
mod presence;
mod probe;
mod resume;
mod rights;
