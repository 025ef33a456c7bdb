//! Options of `survey`.

use clap::{Args, Subcommand, ValueEnum};

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
