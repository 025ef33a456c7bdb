//! What is recorded of messages, as a table.

use std::io::Write;

use chrono::SecondsFormat;

use super::commands::EventsOptions;
use super::store::Store;
use crate::engine::topic::TopicRuntime;
use crate::model::address::Address;
use crate::model::event::Event;
use crate::model::message::MessageId;

/// Prints the events of every topic that was asked for, oldest first.
pub(super) async fn list(
    services: &[TopicRuntime],
    store: &Store,
    options: &EventsOptions,
) -> anyhow::Result<()> {
    let store = store.share()?;
    let message = options.message.as_deref().map(MessageId::new);
    let mut events = Vec::new();
    for partition in services.iter().flat_map(TopicRuntime::partitions) {
        events.extend(store.events(&partition, message.as_ref()).await?);
    }
    // What happened in the same millisecond stays in the order in which it was recorded.
    events.sort_by_key(|event| event.at);
    let mut out = std::io::stdout().lock();
    for event in &events {
        writeln!(out, "{}", row(event, options.show))?;
    }
    if events.is_empty() {
        writeln!(out, "nothing is recorded")?;
    }
    Ok(())
}

fn row(event: &Event, show: bool) -> String {
    let at = event.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let who = event.detail.address.as_ref().map(|address| who(address, show));
    let detail = &event.detail;
    let outbound = detail.outbound.as_ref().map(|id| format!("outbound {id}"));
    let provider = detail.provider_id.as_ref().map(|id| format!("provider {id}"));
    let details: Vec<String> =
        [outbound, provider, detail.reason.clone()].into_iter().flatten().collect();
    let message = event.message.as_str();
    let row = format!(
        "{at}  {message:<34}  {:<9}  {:<20}  {}",
        event.kind,
        who.unwrap_or_default(),
        details.join(", ")
    );
    row.trim_end().to_owned()
}

fn who(address: &Address, show: bool) -> String {
    if show { address.identity.reveal().to_owned() } else { address.identity.to_string() }
}
