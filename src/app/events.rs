//! The command `events`: recorded events of messages, one line each.

use std::io::Write;

use chrono::SecondsFormat;

use super::commands::EventsOptions;
use super::store::StoreHandle;
use crate::engine::topic::TopicRuntime;
use crate::model::address::Address;
use crate::model::event::Event;
use crate::model::message::MessageId;

/// Prints the events of these topics, oldest first.
pub(super) async fn list(
    services: &[TopicRuntime],
    store: &StoreHandle,
    options: &EventsOptions,
) -> anyhow::Result<()> {
    let store = store.connect()?;
    let message = options.message.as_deref().map(MessageId::new);
    let mut events = Vec::new();
    for partition in services.iter().flat_map(TopicRuntime::partitions) {
        events.extend(store.events(&partition, message.as_ref()).await?);
    }
    // The sort is stable: events of one millisecond stay in the order in which they were recorded.
    events.sort_by_key(|event| event.at);
    let mut out = std::io::stdout().lock();
    for event in &events {
        writeln!(out, "{}", row(event, options.show))?;
    }
    if events.is_empty() {
        writeln!(out, "no events are recorded")?;
    }
    Ok(())
}

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
    row.trim_end().to_owned()
}

fn person(address: &Address, show: bool) -> String {
    if show { address.identity.reveal().to_owned() } else { address.identity.to_string() }
}
