//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::work::Until;

/// Strangers talk, anonymously and safely, over plain text messages.
///
/// Without a command it is `dev` (or what RUN=web|worker|standalone says).
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try things out: web, worker and store in one process, and a page with phones on it.
    Dev(DevOptions),
    /// Run a small deployment: web, worker and store (or Redis) in one process.
    Standalone(StandaloneOptions),
    /// Take messages in.
    Web(WebOptions),
    /// Handle messages and send the answers.
    Worker(WorkerOptions),
    /// Say everything that is wrong with the configuration and the store.
    Check,
    /// List what is recorded of messages, oldest first.
    Events(EventsOptions),
    /// Play transcripts that are tests: what phones send, and what they are expected to receive.
    Script(ScriptOptions),
}

#[derive(Clone, Debug, Default, Args)]
pub struct DevOptions {
    /// Run on a store that may lose messages.
    #[arg(long)]
    pub allow_volatile: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub struct StandaloneOptions {
    /// Run on a store that may lose messages.
    #[arg(long)]
    pub allow_volatile: bool,
}

#[derive(Clone, Debug, Default, Parser)]
#[command(version, about = "Take messages in.")]
pub struct WebOptions {
    /// Run on a store that may lose messages.
    #[arg(long)]
    pub allow_volatile: bool,
}

#[derive(Clone, Debug, Default, Parser)]
#[command(version, about = "Handle messages and send the answers.")]
pub struct WorkerOptions {
    /// Work for this topic alone; TOPIC says it too.
    #[arg(long)]
    pub topic: Option<String>,
    /// Work until the queues are empty, then exit.
    #[arg(long, conflicts_with = "once")]
    pub drain: bool,
    /// Work on one message of each queue, then exit.
    #[arg(long)]
    pub once: bool,
    /// Run on a store that may lose messages.
    #[arg(long)]
    pub allow_volatile: bool,
}

impl WorkerOptions {
    pub(super) fn until(&self) -> Until {
        match (self.drain, self.once) {
            (true, _) => Until::Drained,
            (_, true) => Until::Once,
            _ => Until::Stopped,
        }
    }
}

#[derive(Clone, Debug, Args)]
pub struct EventsOptions {
    /// Of this topic alone.
    #[arg(long)]
    pub topic: Option<String>,
    /// Show numbers in full.
    #[arg(long)]
    pub show: bool,
    /// Of this message alone, by the id that its provider gave it.
    #[arg(value_name = "MESSAGE_SID")]
    pub message: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct ScriptOptions {
    /// Every message that a phone receives has to be expected, as if each script began with `strict`.
    #[arg(long)]
    pub strict: bool,
    /// What is spoken to until a script names another topic; otherwise the first in topics.toml.
    #[arg(long)]
    pub topic: Option<String>,
    /// Played in their order, each in a world of its own.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}
