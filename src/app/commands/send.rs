//! Options of `send`.

use chrono::{DateTime, Utc};
use clap::Args;

#[derive(Clone, Debug, Args)]
pub struct SendOptions {
    /// The topic whose transport sends it.
    #[arg(long)]
    pub topic: String,
    /// The recipient: a phone number in E.164, or another identity of the transport.
    #[arg(long, value_name = "NUMBER")]
    pub to: String,
    /// The transport; default: the topic's first one.
    #[arg(long)]
    pub transport: Option<String>,
    /// The number that it leaves from; default: the transport's own.
    #[arg(long, value_name = "NUMBER")]
    pub line: Option<String>,
    /// The time to send it at, such as 2026-12-24T18:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub at: Option<DateTime<Utc>>,
    /// A key under which the message is sent once, however often the command runs.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// The address of a server whose API takes it; default: that of the environment, then the
    /// deployment's Redis, then a server on this machine.
    #[arg(long)]
    pub url: Option<String>,
    /// The text.
    pub text: String,
}
