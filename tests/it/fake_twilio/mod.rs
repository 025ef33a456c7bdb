//! The fake Twilio: against the documented behaviour of the original, and around a deployment.

mod api;
mod control;
mod doctor;
mod flows;
mod libraries;
mod soak;
