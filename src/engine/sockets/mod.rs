//! Sockets: clients that a web process holds, without the web server that carries their bytes.
//!
//! A [`SocketServer`] opens the sockets of one topic. What a client says goes through the intake like
//! a webhook; what is said to it comes as a line of the topic's live feed, which the [`Hub`] follows
//! and hands to the sockets that it is for.

mod departures;
mod greeting;
mod heartbeat;
mod hub;
mod limits;
mod outlet;
mod published;
mod resume;
mod server;
mod socket;
mod subscriptions;
mod window;

pub use greeting::Opening;
pub use hub::Hub;
pub use outlet::{Closing, Outgoing};
pub use server::{SocketServer, SocketServerParts};
pub use socket::{Socket, message_id};
