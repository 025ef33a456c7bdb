//! Options of the commands that describe the command line to a shell and to `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Clone, Debug, Args)]
pub struct CompletionsOptions {
    /// The shell that reads them.
    pub shell: Shell,
}

#[derive(Clone, Debug, Args)]
pub struct ManOptions {
    /// Directory for a page of each command; default: one page, on standard output.
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
}
