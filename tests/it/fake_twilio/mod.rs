//! The fake Twilio: against the documented behaviour of the original, and around a deployment.

mod api;
mod control;
mod flows;
