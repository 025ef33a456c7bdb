//! The command `events`: recorded events of messages, one line each.

use std::collections::BTreeSet;
use std::io::Write;

use chrono::SecondsFormat;

use super::commands::EventsOptions;
use super::store::StoreHandle;
use crate::engine::topic::TopicRuntime;
use crate::model::address::Address;
use crate::model::event::{Event, forward_only};
use crate::model::message::MessageId;

/// Prints the events of these topics, oldest first.
pub(super) async fn list(
    services: &[TopicRuntime],
    store: &StoreHandle,
    options: &EventsOptions,
) -> anyhow::Result<()> {
    let store = store.connect()?;
    let mut events = Vec::new();
    for service in services {
        let mut of_topic = Vec::new();
        for partition in service.partitions() {
            of_topic.extend(store.events(&partition, None).await?);
        }
        if let Some(id) = &options.message {
            retain_message(&mut of_topic, &keys(service, id), id);
        }
        events.extend(of_topic);
    }
    // The sort is stable: events of one millisecond stay in the order in which they were recorded.
    events.sort_by_key(|event| event.at);
    let events = forward_only(events);
    let mut out = std::io::stdout().lock();
    for event in &events {
        writeln!(out, "{}", row(event, options.show))?;
    }
    if events.is_empty() {
        let of = if options.message.is_some() { " of this message" } else { "" };
        writeln!(out, "no events are recorded{of}")?;
    }
    Ok(())
}

/// Keeps the events of one message: of an inbound one under any of its keys, or of the one that caused
/// the outbound message with this id, ours or the provider's.
fn retain_message(events: &mut Vec<Event>, keys: &[MessageId], id: &str) {
    let is_outbound = |event: &&Event| {
        let detail = &event.detail;
        detail.provider_id.as_deref() == Some(id)
            || detail.outbound.as_ref().is_some_and(|outbound| outbound.as_str() == id)
    };
    let causes: BTreeSet<MessageId> =
        events.iter().filter(is_outbound).map(|event| event.message.clone()).collect();
    events.retain(|event| keys.contains(&event.message) || causes.contains(&event.message));
}

/// Ids under which a message may be recorded: as it was given, and as each transport of the topic
/// records it.
fn keys(service: &TopicRuntime, id: &str) -> Vec<MessageId> {
    let id = MessageId::new(id);
    let transports = service.transports.clone().into_iter();
    let mut keys: Vec<MessageId> = transports.map(|(name, _)| MessageId::of(&name, &id)).collect();
    keys.push(id);
    keys
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
