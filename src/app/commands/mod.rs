//! The command line.

mod backup;
mod migrate;
mod status;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::backup::BackupOptions;
pub use self::migrate::MigrateOptions;
pub use self::status::StatusOptions;
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
}

#[derive(Debug, Subcommand)]
pub enum PeopleCommand {
    /// Bar a person: their messages are dropped, and their chat ends.
    Ban(BanOptions),
    /// End a bar of either kind.
    Unban(PersonOptions),
    /// List the people who are barred.
    Bans(ReportsOptions),
    /// List the reports of the last 30 days, the oldest first.
    Reports(ReportsOptions),
}

#[derive(Clone, Debug, Args)]
pub struct PersonOptions {
    /// The phone number in E.164, or another identity of the transport.
    pub number: String,
    /// The topic; default: all topics.
    #[arg(long)]
    pub topic: Option<String>,
    /// The transport; default: all that have phones.
    #[arg(long)]
    pub transport: Option<String>,
    /// Show numbers in full.
    #[arg(long)]
    pub show: bool,
}

#[derive(Clone, Debug, Args)]
pub struct BanOptions {
    #[command(flatten)]
    pub person: PersonOptions,
    /// Time until the bar ends by itself, such as 7d; default: it does not.
    #[arg(long = "for", value_name = "TIME")]
    pub time: Option<humantime::Duration>,
    /// Hide the person from all but those who are hidden too, in place of a bar. They notice nothing.
    #[arg(long)]
    pub shadow: bool,
    /// A note for operators.
    #[arg(long)]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct ReportsOptions {
    /// List those about this number only.
    pub number: Option<String>,
    /// List those of this topic only.
    #[arg(long)]
    pub topic: Option<String>,
    /// Show numbers in full, and the texts of reports.
    #[arg(long)]
    pub show: bool,
}

#[derive(Debug, Subcommand)]
pub enum OptOutCommand {
    /// List the people who have opted out, the oldest first.
    List(OptOutListOptions),
    /// Opt a person out, as if they had texted STOP.
    Add(OptOutOptions),
    /// Take a person's opt-outs back, as if they had texted START. Only do so when they have asked for it.
    Remove(OptOutOptions),
    /// Print the opt-outs as CSV, with numbers in full.
    Export(OptOutListOptions),
    /// Add the opt-outs of a file: CSV as exported, or one number on each line.
    Import(ImportOptions),
}

#[derive(Clone, Debug, Args)]
pub struct OptOutListOptions {
    /// Opt-outs of this topic only.
    #[arg(long)]
    pub topic: Option<String>,
    /// Show numbers in full.
    #[arg(long)]
    pub show: bool,
}

#[derive(Clone, Debug, Args)]
pub struct OptOutOptions {
    /// The phone number in E.164, or another identity of the transport.
    pub number: String,
    /// The topic; default: all topics.
    #[arg(long)]
    pub topic: Option<String>,
    /// The transport; default: all that have phones.
    #[arg(long)]
    pub transport: Option<String>,
    /// Line, one of our numbers; default: all that are known.
    #[arg(long, value_name = "NUMBER")]
    pub line: Option<String>,
    /// Show numbers in full.
    #[arg(long)]
    pub show: bool,
}

#[derive(Clone, Debug, Args)]
pub struct ImportOptions {
    /// The file; - reads standard input.
    pub file: PathBuf,
    /// The topic; default: that of each row, or all topics.
    #[arg(long)]
    pub topic: Option<String>,
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
