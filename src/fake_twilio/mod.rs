//! A server that behaves as Twilio's API does: it takes messages, lists them, reports their delivery,
//! calls webhooks with signed requests, and fails in the ways that Twilio fails, on demand.
//!
//! `crosswire fake-twilio` runs it for people; tests run it in their own process.

mod account;
mod api;
mod callbacks;
mod caller;
mod control;
mod delivery;
mod fault;
mod form;
mod inbound;
mod journal;
mod lines;
mod list;
mod message;
mod page;
mod recipients;
mod refusal;
mod reply;
mod routes;
mod send;
mod server;
mod settings;
mod state;
mod twiml;

pub use account::Account;
pub use delivery::{Callbacks, Delivery};
pub use fault::{Behaviour, Delays, Faults};
pub use inbound::InboundText;
pub use journal::{Journal, WebhookOutcome};
pub use message::{Direction, Message};
pub use server::FakeTwilio;
pub use settings::Settings;
