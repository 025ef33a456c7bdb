//! Options of `optout`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
