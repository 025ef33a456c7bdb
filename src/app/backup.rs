//! The command `backup`: a copy of the embedded store, beside the process that runs on it.

use std::io::Write;

use anyhow::{Result, bail};

use super::commands::BackupOptions;
use super::config;
use crate::contracts::settings::Environment;
use crate::stores::sqlite::Sqlite;

/// Copies the file, and prints what the copy holds.
pub(super) fn backup(environment: &Environment, options: &BackupOptions) -> Result<()> {
    if ["REDIS_TLS_URL", "REDIS_URL"].iter().any(|name| environment.get(name).is_some()) {
        bail!(
            "this deployment keeps its data in Redis; back it up by Redis' own means, or copy it into \
             a directory: crosswire migrate --from env:REDIS_URL --to DIRECTORY"
        );
    }
    let copied = Sqlite::backup(&config::data_dir(environment), &options.file)?;
    Ok(writeln!(
        std::io::stdout(),
        "{}: {} KiB, checked; {} waiting messages, {} dead letters, {} timers, {} values of handlers",
        options.file.display(),
        copied.bytes.div_ceil(1024),
        copied.messages,
        copied.dead_letters,
        copied.timers,
        copied.values
    )?)
}
