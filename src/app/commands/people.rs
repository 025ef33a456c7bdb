//! Options of `people`.

use clap::{Args, Subcommand};

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
