//! The command `events`: recorded events of messages, one line each.

use std::io::Write as _;

use anyhow::Result;
use chrono::SecondsFormat;

use super::App;
use super::commands::EventsOptions;
use super::operator;
use super::process::Stop;
use super::trace::{Form, follow, print};
use crate::engine::operations::TraceQuery;
use crate::model::address::Address;
use crate::model::event::Event;

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

/// Returns the line of an event.
pub(super) fn row(event: &Event, show: bool) -> String {
    let at = event.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let detail = &event.detail;
    let person = detail.address.as_ref().map(|address| person(address, show));
    let outbound = detail.outbound.as_ref().map(|id| format!("outbound {id}"));
    let provider = detail.provider_id.as_ref().map(|id| format!("provider {id}"));
    let details: Vec<String> =
        [outbound, provider, detail.reason.clone()].into_iter().flatten().collect();
    let message = event.message.as_str();
    let row = format!(
        "{at}  {message:<34}  {:<9}  {:<20}  {}",
        event.kind,
        person.unwrap_or_default(),
        details.join(", ")
    );
    row.trim_end().to_owned()
}

fn person(address: &Address, show: bool) -> String {
    if show { address.identity.reveal().to_owned() } else { address.identity.to_string() }
}
