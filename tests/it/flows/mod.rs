//! Stories through the real binaries, over real HTTP and a real Redis.

mod chat;
mod dev;
mod disk;
mod events;
mod hostile;
mod intake;
mod kill;
mod outage;
mod storm;
mod tester;
pub(crate) mod texts;

/// Two strangers' topic, which says nothing when it accepts a message.
pub(crate) const ROULETTE: &str = r#"
    [topics.roulette]
    handler = "roulette"
    paths = ["/sms"]
    accept_response = ""
"#;
