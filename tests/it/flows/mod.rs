//! Flows through the real binaries, over real HTTP and a real Redis.

mod budget;
mod chat;
mod clocks;
mod connections;
mod dev;
mod disk;
mod door;
mod event_webhooks;
mod events;
mod failover;
mod former;
mod gateway;
mod health;
mod hostile;
mod intake;
mod kannel;
mod kill;
mod logs;
mod network;
mod outage;
mod partitions;
mod pauses;
mod people;
mod provider;
mod signals;
mod sockets_basic;
mod sockets_hostile;
mod sockets_kill;
mod storm;
mod tester;
pub(crate) mod texts;
#[cfg(feature = "otel")]
mod traces;

/// A roulette topic that sends no reply when it accepts a message. Its people write faster than people
/// do, and are not stopped.
pub(crate) const ROULETTE: &str = r#"
    [topics.roulette]
    handler = "roulette"
    paths = ["/sms"]
    accept_response = ""
    properties.loop_guard = false
"#;
