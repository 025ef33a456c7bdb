//! Behaviour of devices, on a topic in memory.

mod away;
mod interleavings;
mod json;
mod presence;
mod scenario;
mod text;
