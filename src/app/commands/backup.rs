//! Options of `backup`.

use std::path::PathBuf;

use clap::Args;

#[derive(Clone, Debug, Args)]
pub struct BackupOptions {
    /// The file to write; it must not exist.
    pub file: PathBuf,
}
