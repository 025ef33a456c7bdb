//! Options of `migrate`.

use clap::Args;

#[derive(Clone, Debug, Args)]
pub struct MigrateOptions {
    /// The store to copy: a Redis URL, `env:NAME` for the URL in a variable, or the directory of an embedded
    /// store.
    #[arg(long, value_name = "URL_OR_DIR")]
    pub from: String,
    /// The store to fill, which must be empty.
    #[arg(long, value_name = "URL_OR_DIR")]
    pub to: String,
    /// Copy although processes seem to run on the store. What they change meanwhile may be missing.
    #[arg(long)]
    pub force: bool,
}
