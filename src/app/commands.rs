//! The command line.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::work::Until;
use crate::contracts::storage::SafetyCheck;

/// Strangers talk, anonymously and safely, over plain text messages.
///
/// Without a command it runs `dev`, or the process that RUN=web|worker|standalone names.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything on a developer's machine: web, worker, store, and a page with phones.
    Dev(DevOptions),
    /// Run a small deployment: web, worker and store (or Redis) in one process.
    Standalone(StandaloneOptions),
    /// Take messages in.
    Web(WebOptions),
    /// Handle messages and send the replies.
    Worker(WorkerOptions),
    /// List every error in the configuration and every problem of the store.
    Check(CheckOptions),
    /// List the recorded events of messages, oldest first.
    Events(EventsOptions),
    /// Send a message to somebody, now or at a time, and print its id.
    Send(SendOptions),
    /// Begin a program of your own: a handler, its topic, and a conversation that tests it.
    New(NewOptions),
    /// Write topics.toml and .env for one of the shipped handlers.
    Init(InitOptions),
    /// Play transcripts as tests: messages that phones send, and the replies they must receive.
    Script(ScriptOptions),
    /// Show what the topics have spent of their budgets today, or resume one that is stopped.
    Budget(BudgetOptions),
    /// Get the answers to a survey.
    #[command(subcommand)]
    Survey(SurveyCommand),
}

#[derive(Debug, Args)]
pub struct BudgetOptions {
    /// Show the budgets of this topic only.
    #[arg(long)]
    pub topic: Option<String>,
    #[command(subcommand)]
    pub command: Option<BudgetCommand>,
}

#[derive(Debug, Subcommand)]
pub enum BudgetCommand {
    /// Go on sending today: as many segments again, or those that are added.
    Resume(ResumeOptions),
}

#[derive(Clone, Debug, Args)]
pub struct ResumeOptions {
    /// The topic whose budget is spent.
    #[arg(long)]
    pub topic: String,
    /// The prefix whose budget is spent, such as +44; default: the budget of the whole topic.
    #[arg(long, value_name = "PREFIX")]
    pub country: Option<String>,
    /// Segments to add for today; default: the whole budget once more.
    #[arg(long, value_name = "SEGMENTS")]
    pub add: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub enum SurveyCommand {
    /// Print one record for each time that a person took part, the oldest first.
    Export(ExportOptions),
}

#[derive(Clone, Debug, Args)]
pub struct ExportOptions {
    /// Search the surveys of this topic only.
    #[arg(long)]
    pub topic: Option<String>,
    /// Name of the survey's app in its router; with a router in a router, as `outer/inner`.
    #[arg(long)]
    pub survey: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: ExportFormat,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum ExportFormat {
    #[default]
    Csv,
    Json,
}

/// Safety checks of the store that the operator waives.
#[derive(Clone, Debug, Default, Args)]
pub struct Waivers {
    /// Start although this safety check of the store fails: eviction, ephemeral-disk or old-redis.
    /// Messages may be lost.
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub allow: Vec<SafetyCheck>,
}

#[derive(Clone, Debug, Default, Args)]
pub struct CheckOptions {
    #[command(flatten)]
    pub waivers: Waivers,
}

#[derive(Clone, Debug, Default, Args)]
pub struct DevOptions {
    #[command(flatten)]
    pub waivers: Waivers,
}

#[derive(Clone, Debug, Default, Args)]
pub struct StandaloneOptions {
    #[command(flatten)]
    pub waivers: Waivers,
}

#[derive(Clone, Debug, Default, Parser)]
#[command(version, about = "Take messages in.")]
pub struct WebOptions {
    #[command(flatten)]
    pub waivers: Waivers,
}

#[derive(Clone, Debug, Default, Parser)]
#[command(version, about = "Handle messages and send the replies.")]
pub struct WorkerOptions {
    /// Work on this topic only; TOPIC is its default.
    #[arg(long)]
    pub topic: Option<String>,
    /// Work until the queues are empty, then exit.
    #[arg(long, conflicts_with = "once")]
    pub drain: bool,
    /// Work on one message of each queue, then exit.
    #[arg(long)]
    pub once: bool,
    #[command(flatten)]
    pub waivers: Waivers,
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
    /// List the events of this topic only.
    #[arg(long)]
    pub topic: Option<String>,
    /// Show numbers in full.
    #[arg(long)]
    pub show: bool,
    /// List the events of this message only, by its id at the provider.
    #[arg(value_name = "MESSAGE_SID")]
    pub message: Option<String>,
}

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

#[derive(Clone, Debug, Args)]
pub struct ScriptOptions {
    /// Fail on every message that a script does not expect, as if it began with `strict`.
    #[arg(long)]
    pub strict: bool,
    /// The topic that phones text until a script names another; default: the first in topics.toml.
    #[arg(long)]
    pub topic: Option<String>,
    /// Scripts, played in this order, each with a store and a clock of its own.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct NewOptions {
    /// Name of the program, of its topic, and of the directory that is created for it.
    pub name: String,
    /// Directory of the crate to depend on; default: the one that this program was built from, or else
    /// the published version.
    #[arg(long, value_name = "PATH")]
    pub crosswire: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct InitOptions {
    /// Handler of the topic: roulette, rooms, devices or echo. Asked for on a terminal.
    #[arg(long)]
    pub handler: Option<String>,
    /// Address under which the provider calls this server. Asked for on a terminal.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Replace files that exist, and keep the old ones under the ending .bak.
    #[arg(long)]
    pub force: bool,
}
