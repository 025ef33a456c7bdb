//! Everything that needs more than one module, a real Redis, or the real processes.

mod layers;
mod licences;
mod rust_source;
