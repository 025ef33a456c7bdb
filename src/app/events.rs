//! The command `events`: recorded events of messages, one line each.

use std::io::Write as _;

use anyhow::Result;

use super::App;
use super::commands::EventsOptions;
use super::operator;
use super::process::Stop;
use super::trace::{Form, follow, print};
use crate::engine::operations::TraceQuery;

/// Prints the events, oldest first.
pub(super) async fn list(app: &App, options: &EventsOptions, stop: Stop) -> Result<()> {
    let operations = operator::inspect(app, options.topic.as_deref())?;
    let query = TraceQuery {
        topic: options.topic.clone(),
        about: options.message.clone(),
        is_id: true,
        since: options.since,
    };
    let mut tracer = operations.tracer(query)?;
    let form = Form { json: options.json, show: options.show, actors: false };
    let events = tracer.step().await?;
    print(&events, form)?;
    if events.is_empty() && !options.json {
        let of = if options.message.is_some() { " of this message" } else { "" };
        writeln!(std::io::stdout(), "no events are recorded{of}")?;
    }
    if options.follow {
        follow(&mut tracer, form, &stop).await?;
    }
    Ok(())
}
