//! The command line.

mod audit;
mod backup;
mod budget;
mod dead;
mod health;
mod migrate;
mod optout;
mod pause;
mod people;
mod send;
mod shell;
mod since;
mod status;
mod survey;
mod trace;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};

pub(super) use self::audit::AuditOptions;
pub use self::backup::BackupOptions;
pub use self::budget::BudgetOptions;
pub(super) use self::budget::{BudgetCommand, ResumeOptions};
pub(super) use self::dead::{
    DeadCommand, DeadFilterOptions, DeadListOptions, DeadMoveOptions, DeadShowOptions,
};
pub(super) use self::health::{HealthOf, HealthOptions};
pub use self::migrate::MigrateOptions;
pub(super) use self::optout::{ImportOptions, OptOutCommand, OptOutListOptions, OptOutOptions};
pub(super) use self::pause::{PauseOptions, UnpauseOptions};
pub(super) use self::people::{BanOptions, PeopleCommand, PersonOptions, ReportsOptions};
pub use self::send::SendOptions;
pub(super) use self::shell::{CompletionsOptions, ManOptions};
pub use self::status::StatusOptions;
pub(super) use self::survey::ExportFormat;
pub use self::survey::{ExportOptions, SurveyCommand};
pub(super) use self::trace::TraceOptions;
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
    /// Show what waits, how fast it goes, and which processes work on it.
    Status(StatusOptions),
    /// List every error in the configuration and every problem of the store.
    Check(CheckOptions),
    /// Examine configuration, store, credentials and webhooks, one line each, with what to do.
    Doctor(DoctorOptions),
    /// List the recorded events of messages, oldest first.
    Events(EventsOptions),
    /// List the messages that were given up, and replay or drop them.
    #[command(subcommand)]
    Dead(DeadCommand),
    /// Show everything that became of a message or a person, in the order of time.
    Trace(TraceOptions),
    /// Stop handling and sending of a topic, or sending from a line. Messages are still taken in.
    Pause(PauseOptions),
    /// End pauses of a topic, or of a line.
    Resume(UnpauseOptions),
    /// List what operators have done, the newest first.
    Audit(AuditOptions),
    /// Send a message to somebody, now or at a time, and print its id.
    Send(SendOptions),
    /// Begin a program of your own: a handler, its topic, and a conversation that tests it.
    New(NewOptions),
    /// Write topics.toml and .env for one of the shipped handlers.
    Init(InitOptions),
    /// Play transcripts as tests: messages that phones send, and the replies they must receive.
    Script(ScriptOptions),
    /// Run a simulated Twilio on this machine: its API, webhooks, status callbacks, and failures on demand.
    FakeTwilio(FakeTwilioOptions),
    /// Show what the topics have spent of their budgets today, or resume one that is stopped.
    Budget(BudgetOptions),
    /// Get the answers to a survey.
    #[command(subcommand)]
    Survey(SurveyCommand),
    /// Bar people from a topic, and read what others have reported about them.
    #[command(subcommand)]
    People(PeopleCommand),
    /// List and change who gets no messages because they have opted out.
    #[command(subcommand)]
    Optout(OptOutCommand),
    /// Copy the embedded store into a file, also while the server runs.
    Backup(BackupOptions),
    /// Copy all data from one store to another, Redis or embedded, and prove that both hold the same.
    Migrate(MigrateOptions),
    /// Remove all that is stored about a person, and prove it by a search of the store.
    Forget(ForgetOptions),
    /// Say whether a process on this machine does its work; for the health check of a container.
    Health(HealthOptions),
    /// Print the completions of a shell.
    Completions(CompletionsOptions),
    /// Print the manual page, or write a page of each command into a directory.
    Man(ManOptions),
}

#[derive(Clone, Debug, Args)]
pub struct ForgetOptions {
    /// The phone number in E.164, or another identity of a transport.
    pub number: String,
    /// Forget the person in this topic only.
    #[arg(long)]
    pub topic: Option<String>,
    /// Remove their opt-outs too, after which they may be sent messages again.
    #[arg(long)]
    pub opt_out: bool,
    /// Empty the texts of their messages at the provider too.
    #[arg(long)]
    pub redact: bool,
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
pub struct DoctorOptions {
    /// Set the webhook of the number at Twilio to this deployment's.
    #[arg(long)]
    pub fix: bool,
    /// Examine the accounts of this topic only.
    #[arg(long)]
    pub topic: Option<String>,
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
    /// Print a JSON object for each event.
    #[arg(long)]
    pub json: bool,
    /// Go on with new events until stopped.
    #[arg(long)]
    pub follow: bool,
    /// List the events since then only: a time such as 2026-12-24T18:00:00Z, or an age such as 2h.
    #[arg(long, value_name = "TIME", value_parser = since::since)]
    pub since: Option<DateTime<Utc>>,
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
pub struct FakeTwilioOptions {
    /// Port on this machine; 0 for a free one.
    #[arg(long, default_value_t = 4010)]
    pub port: u16,
    /// Webhook of its number, such as `http://localhost:62023/queue/roulette`.
    #[arg(long, value_name = "URL")]
    pub webhook: Option<String>,
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
