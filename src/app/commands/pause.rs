//! Options of the commands `pause` and `resume`.

use clap::Args;

#[derive(Clone, Debug, Args)]
pub struct PauseOptions {
    /// The topic.
    pub topic: String,
    /// Pause sending from this line, a number of ours that the topic uses; default: the whole topic.
    #[arg(long, value_name = "NUMBER")]
    pub line: Option<String>,
    /// Pause sending by this transport; default with --line: all that use the line.
    #[arg(long)]
    pub transport: Option<String>,
    /// Time after which it ends by itself, such as 30m; default: it ends by `resume`.
    #[arg(long = "for", value_name = "TIME")]
    pub time: Option<humantime::Duration>,
    /// A note for other operators.
    #[arg(long)]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct UnpauseOptions {
    /// The topic.
    pub topic: String,
    /// End the pauses of this line, a provider's too; default: all pauses by operators.
    #[arg(long, value_name = "NUMBER")]
    pub line: Option<String>,
    /// End the pauses of this transport, a provider's too.
    #[arg(long)]
    pub transport: Option<String>,
}
