//! Options of the command `status`.

use clap::Args;

/// Options of `status`.
#[derive(Clone, Debug, Default, Args)]
pub struct StatusOptions {
    /// Show this topic only.
    #[arg(long)]
    pub topic: Option<String>,
    /// Print JSON, as `GET /admin/api/overview` answers it.
    #[arg(long)]
    pub json: bool,
    /// Print it anew every two seconds, until it is stopped.
    #[arg(long)]
    pub watch: bool,
}
