//! Options of the command `audit`.

use clap::Args;

#[derive(Clone, Debug, Args)]
pub struct AuditOptions {
    /// Number of lines at most.
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
    /// Print a JSON object for each line.
    #[arg(long)]
    pub json: bool,
}
