//! The command `send`: one message, submitted from the command line.

use std::io::Write;

use super::App;
use super::commands::SendOptions;
use crate::engine::submissions::Draft;

/// Submits a message, and prints its id.
pub(super) async fn send(app: &App, options: &SendOptions) -> anyhow::Result<()> {
    let client = app.client_at(options.url.as_deref()).await?;
    let message = Draft {
        transport: options.transport.clone(),
        line: options.line.clone(),
        at: options.at,
        ..Draft::new(&options.topic, options.to.as_str(), options.text.as_str())
    };
    let id = client.send(&message, options.idempotency_key.as_deref()).await?;
    writeln!(std::io::stdout(), "{id}")?;
    Ok(())
}
