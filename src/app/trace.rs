//! The command `trace`: everything that became of a message or a person.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Result;
use chrono::SecondsFormat;

use super::App;
use super::commands::TraceOptions;
use super::operator;
use super::people::plain;
use super::process::Stop;
use crate::engine::operations::{TraceQuery, Traced, Tracer, Waiting};
use crate::model::address::Address;
use crate::model::event::Event;

/// Pause between two looks for new events.
const LOOK: Duration = Duration::from_millis(500);

/// Form of a list of events.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) json: bool,
    pub(super) show: bool,
    /// Names the one who has done it.
    pub(super) actors: bool,
}

/// Prints a trace, and goes on with it when that is wanted.
pub(super) async fn run(app: &App, options: &TraceOptions, stop: Stop) -> Result<()> {
    let operations = operator::read(app, options.topic.as_deref())?;
    let query = TraceQuery {
        topic: options.topic.clone(),
        about: Some(options.about.clone()),
        is_id: false,
        since: options.since,
    };
    let mut tracer = operations.tracer(query)?;
    let form = Form { json: options.json, show: options.show, actors: true };
    let events = tracer.step().await?;
    print(&events, form)?;
    let now = tracer.now().await?;
    print_now(&now, form)?;
    if events.is_empty() && now.is_empty() && !options.json {
        writeln!(std::io::stdout(), "nothing is recorded of it")?;
    }
    if options.follow {
        follow(&mut tracer, form, &stop).await?;
    }
    Ok(())
}

/// Prints new events until a stop.
pub(super) async fn follow(tracer: &mut Tracer<'_>, form: Form, stop: &Stop) -> Result<()> {
    while stop.0.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        print(&tracer.step().await?, form)?;
    }
    Ok(())
}

/// Prints events, one line each.
pub(super) fn print(events: &[Traced], form: Form) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for traced in events {
        let line = if form.json {
            serde_json::to_string(&traced.row(form.show))?
        } else if form.actors {
            let actor = traced.row(false).actor;
            format!("{actor:<8}  {}", row(&traced.event, form.show))
        } else {
            row(&traced.event, form.show)
        };
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

fn print_now(waiting: &[Waiting], form: Form) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for it in waiting {
        let row = it.row(form.show);
        if form.json {
            writeln!(out, "{}", serde_json::json!({ "now": row }))?;
            continue;
        }
        let next = row.next_try_seconds.map(|time| format!(" for {time:.0} s")).unwrap_or_default();
        let person = row.person.unwrap_or_default();
        let line = format!(
            "now       {}  {}  {person}  {}{next}, attempts: {}, failures: {}, behind it: {}",
            row.queue, row.message, row.state, row.attempts, row.failures, row.behind
        );
        writeln!(out, "{}", plain(&line))?;
    }
    Ok(())
}

/// Returns the line of an event.
fn row(event: &Event, show: bool) -> String {
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
    // A reason is the provider's or an app's own text.
    plain(row.trim_end())
}

fn person(address: &Address, show: bool) -> String {
    if show { address.identity.reveal().to_owned() } else { address.identity.to_string() }
}
