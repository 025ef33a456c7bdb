//! Options of the commands `dead`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};

use super::since::since;
use crate::contracts::storage::QueueKind;

#[derive(Debug, Subcommand)]
pub enum DeadCommand {
    /// List dead letters, the newest of each queue first.
    List(DeadListOptions),
    /// Show dead letters in full.
    Show(DeadShowOptions),
    /// Put dead letters back to the ends of their mailboxes, each person's in order.
    Replay(DeadMoveOptions),
    /// Remove dead letters for good.
    Drop(DeadMoveOptions),
    /// Print dead letters as CSV.
    Export(DeadListOptions),
}

/// Queue of dead letters.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DeadQueue {
    /// Messages to handle.
    Inbound,
    /// Messages to send.
    Outbox,
}

impl From<DeadQueue> for QueueKind {
    fn from(queue: DeadQueue) -> Self {
        match queue {
            DeadQueue::Inbound => Self::Inbound,
            DeadQueue::Outbox => Self::Outbox,
        }
    }
}

#[derive(Clone, Debug, Default, Args)]
pub struct DeadFilterOptions {
    /// Only those of this topic.
    #[arg(long)]
    pub topic: Option<String>,
    /// Only those of this queue.
    #[arg(long, value_enum)]
    pub queue: Option<DeadQueue>,
    /// Only those whose reason has this part.
    #[arg(long, value_name = "PART")]
    pub reason: Option<String>,
    /// Only those of this person.
    #[arg(long, value_name = "NUMBER")]
    pub person: Option<String>,
    /// Only those that died since then: a time such as 2026-12-24T18:00:00Z, or an age such as 2h.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Args)]
pub struct DeadListOptions {
    #[command(flatten)]
    pub filter: DeadFilterOptions,
    /// Number of dead letters at most; default: 50, and all of them for an export.
    #[arg(long)]
    pub limit: Option<usize>,
    /// Show numbers in full, and texts.
    #[arg(long)]
    pub show: bool,
    /// Print a JSON object for each dead letter.
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct DeadShowOptions {
    /// Ids, as `dead list` prints them.
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// Show numbers in full, and texts.
    #[arg(long)]
    pub show: bool,
}

#[derive(Clone, Debug, Args)]
pub struct DeadMoveOptions {
    /// Ids, as `dead list` prints them; default: those that fit the filter.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub filter: DeadFilterOptions,
    /// Number of dead letters at most, the oldest first; default: all of them.
    #[arg(long)]
    pub limit: Option<usize>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
}
