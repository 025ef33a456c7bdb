#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod defaults;
mod http;
mod kannel;
mod several;
mod twilio;
mod websocket;
