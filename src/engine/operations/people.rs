//! People, as operators name them: by a number, and where the store has them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{OperationError, Operations};
use crate::contracts::storage::{Change, Entry, Marks, Partition, Trace};
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Address, GroupKey, Identity};
use crate::model::message::Wake;
use crate::model::phone::normalize;
use crate::model::state::Write;

/// Values that are read by one round trip.
pub(super) const STEP: usize = 500;
/// Events that are read by one round trip.
const EVENTS: usize = 2_000;
/// Longest identity, transport or line that an operator writes, in characters.
const LONGEST: usize = 200;

impl Operations {
    /// Returns the partition of a person.
    pub fn partition(&self, service: &TopicRuntime, person: &Address) -> Partition {
        let config = &service.config;
        Partition::of(&config.name, person, &self.groups, config.limits.partitions)
    }

    /// Makes a change in a person's partition, and wakes their mailboxes.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn change(
        &self,
        service: &TopicRuntime,
        person: &Address,
        writes: Vec<Write>,
        wakes: Vec<Wake>,
    ) -> Result<(), OperationError> {
        let partition = self.partition(service, person);
        let wakes = wakes.into_iter().map(Entry::wake).collect();
        Ok(self.storage.apply(&partition, Change { writes, wakes }).await?)
    }

    /// Returns the marks of a person, of whom these addresses are known.
    pub fn marks<'a>(
        &self,
        person: &'a Address,
        known: impl IntoIterator<Item = &'a Address>,
    ) -> Marks {
        // Opt-outs of no line in particular have a group of their own.
        let of = |it: &Address| [self.groups.group(it), self.groups.group(&it.without_line())];
        let known = known.into_iter().flat_map(of);
        let groups = known.chain(of(person)).chain([self.groups.person(person)]).collect();
        Marks { identity: person.identity.clone(), groups }
    }

    /// Returns the addresses under which the topic knows a person: one for each line that they have
    /// texted, as far as anything is stored about it, and that of the transport's own line.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn addresses(
        &self,
        service: &TopicRuntime,
        person: &Address,
    ) -> Result<BTreeSet<Address>, OperationError> {
        let partition = self.partition(service, person);
        let found = self.storage.search(&partition, &self.marks(person, [])).await?;
        let mut addresses = addresses_in(&found);
        let same = self.groups.person(person);
        addresses.retain(|address| {
            !address.line.reveal().is_empty() && self.groups.person(address) == same
        });
        let transport = service.transports.get(&person.transport);
        let line = transport.and_then(|transport| transport.line());
        let own = line.map(|line| Address { line: Identity::new(line), ..person.clone() });
        addresses.extend(own);
        Ok(addresses)
    }

    /// Returns the lines of a topic: those of its transports, and those that people have texted.
    pub(super) async fn lines_known(
        &self,
        service: &TopicRuntime,
    ) -> Result<BTreeSet<(String, Identity)>, OperationError> {
        let mut lines = BTreeSet::new();
        for config in &service.config.transports {
            let transport = service.transports.get(&config.name);
            let line = transport.and_then(|transport| transport.line());
            lines.extend(line.map(|line| (config.name.clone(), Identity::new(line))));
        }
        let is_ours = |name: &str| service.config.transports.iter().any(|it| it.name == name);
        for partition in service.partitions() {
            let mut after = None;
            loop {
                let page = self.storage.events_after(&partition, after.as_ref(), EVENTS).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                let addresses = page.into_iter().filter_map(|(_, event)| event.detail.address);
                let ours = addresses.filter(|it| is_ours(&it.transport));
                lines.extend(ours.map(|address| (address.transport, address.line)));
            }
        }
        lines.retain(|(_, line)| !line.reveal().is_empty());
        Ok(lines)
    }
}

/// Fails for a text that is too long for a name.
pub(super) fn require_short(text: &str) -> Result<(), OperationError> {
    if text.chars().count() > LONGEST {
        return Err(OperationError::invalid("write names and reasons of at most 200 characters"));
    }
    Ok(())
}

/// Returns a person by each transport of a topic, or by the one that is named, on no line.
///
/// # Errors
/// The number is empty, or the topic has sockets alone.
pub fn people(
    service: &TopicRuntime,
    number: &str,
    transport: Option<&str>,
) -> Result<Vec<Address>, OperationError> {
    let number = number.trim();
    if number.is_empty() {
        let sentence = "the number is empty; write it in E.164, as +14155550101";
        return Err(OperationError::invalid(sentence));
    }
    require_short(number)?;
    require_short(transport.unwrap_or_default())?;
    let identity = normalize(number);
    if let Some(transport) = transport {
        return Ok(vec![Address::new(transport, &identity, "")]);
    }
    let names = service.config.transports.iter().map(|config| config.name.as_str());
    let has_people = |name: &&str| {
        let transport = service.transports.get(name);
        transport.is_some_and(|transport| transport.sockets().is_none())
    };
    let people: Vec<Address> =
        names.filter(has_people).map(|name| Address::new(name, &identity, "")).collect();
    Some(people).filter(|people| !people.is_empty()).ok_or_else(|| {
        OperationError::invalid(format!(
            "topics.{} has sockets alone, whose sessions have no number",
            service.config.name
        ))
    })
}

/// Returns a wake of a mailbox.
pub fn wake(groups: &GroupKey, address: &Address, name: &str) -> Wake {
    let wake = serde_json::json!({ "group": groups.group(address), "name": name });
    serde_json::from_value(wake).expect("these are the keys of a wake")
}

/// Returns every address that stands in these traces.
fn addresses_in(traces: &[Trace]) -> BTreeSet<Address> {
    let mut found = BTreeSet::new();
    for trace in traces {
        if let Ok(value) = serde_json::from_str(&trace.text) {
            collect(&value, &mut found);
        }
    }
    found
}

fn collect(value: &Value, found: &mut BTreeSet<Address>) {
    match value {
        Value::Object(fields) => {
            found.extend(serde_json::from_value::<Address>(value.clone()).ok());
            fields.values().for_each(|value| collect(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// Returns an identity, in full or masked.
pub fn shown(identity: &Identity, show: bool) -> String {
    if show { identity.reveal().to_owned() } else { identity.to_string() }
}
