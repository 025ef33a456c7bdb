//! Options of `budget`.

use clap::{Args, Subcommand};

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
