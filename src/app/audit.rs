//! The command `audit`: what operators have done.

use std::io::Write as _;

use anyhow::Result;

use super::App;
use super::commands::AuditOptions;
use super::operator;
use super::people::{plain, time};

/// Prints the audit log, the newest line first.
pub(super) async fn list(app: &App, options: &AuditOptions) -> Result<()> {
    let entries = operator::inspect(app, None)?.audit_log(options.limit).await?;
    let mut out = std::io::stdout().lock();
    for entry in &entries {
        if options.json {
            writeln!(out, "{}", serde_json::to_string(entry)?)?;
            continue;
        }
        let at = time(entry.at);
        let row =
            format!("{at}  {}  {}  {}  {}", entry.actor, entry.action, entry.target, entry.outcome);
        // A name or a note may hold characters that a terminal obeys.
        writeln!(out, "{}", plain(&row))?;
    }
    if entries.is_empty() && !options.json {
        writeln!(out, "no operator has done anything yet")?;
    }
    Ok(())
}
