//! Options of the command `health`.

use clap::{Args, ValueEnum};

#[derive(Clone, Debug, Default, Args)]
pub struct HealthOptions {
    /// The process; default: the one that RUN names, or dev.
    pub process: Option<HealthOf>,
}

/// Process of this machine whose health is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HealthOf {
    Dev,
    Standalone,
    Web,
    Worker,
}
