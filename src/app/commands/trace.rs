//! Options of the command `trace`.

use chrono::{DateTime, Utc};
use clap::Args;

use super::since::since;

#[derive(Clone, Debug, Args)]
pub struct TraceOptions {
    /// Id of a message, ours or the provider's, or the number of a person.
    #[arg(value_name = "ID|NUMBER")]
    pub about: String,
    /// Search this topic only.
    #[arg(long)]
    pub topic: Option<String>,
    /// Show numbers in full.
    #[arg(long)]
    pub show: bool,
    /// Print a JSON object for each event.
    #[arg(long)]
    pub json: bool,
    /// Go on with new events until stopped.
    #[arg(long)]
    pub follow: bool,
    /// Show what happened since then only: a time such as 2026-12-24T18:00:00Z, or an age such as 2h.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<DateTime<Utc>>,
}
