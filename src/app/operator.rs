//! Access of an operator's commands: the topics, the store, and the addresses of a person in them.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use super::store::StoreHandle;
use super::{App, partitions, prepare, secret};
use crate::app::config::TopicSelection;
use crate::contracts::settings::Purpose;
use crate::contracts::storage::{Change, Entry, Marks, Partition, Storage, Trace};
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Address, GroupKey, Identity};
use crate::model::message::Wake;
use crate::model::phone::normalize;
use crate::model::state::Write;

/// Topics and the store that a command works on.
pub(super) struct Access {
    pub(super) services: Vec<TopicRuntime>,
    pub(super) store: Arc<dyn Storage>,
    pub(super) groups: GroupKey,
}

impl Access {
    /// Opens the store for reading, beside the processes that use it.
    pub(super) fn read(app: &App, topic: Option<&str>) -> Result<Self> {
        Self::open(app, topic, StoreHandle::inspect)
    }

    /// Opens the store for writing: a Redis beside the processes that use it, a file instead of them.
    pub(super) async fn write(app: &App, topic: Option<&str>) -> Result<Self> {
        let access = Self::open(app, topic, StoreHandle::open)?;
        access.require_partitions().await?;
        Ok(access)
    }

    fn open(
        app: &App,
        topic: Option<&str>,
        open: impl Fn(
            &crate::app::config::Config,
        ) -> Result<StoreHandle, crate::contracts::storage::StorageError>,
    ) -> Result<Self> {
        let selection = topic.map(TopicSelection::Flag);
        let (config, services) =
            prepare::load(&app.environment, &app.registry, Purpose::Dev, selection)?;
        let groups = GroupKey::new(&secret::existing_key(&config)?);
        Ok(Self { services, store: open(&config)?.connect()?, groups })
    }

    /// Fails when the store remembers another number of partitions, in which nothing would be found.
    pub(super) async fn require_partitions(&self) -> Result<()> {
        partitions::require_known(&partitions::counts(&self.services), self.store.as_ref()).await
    }

    /// Returns the partition of a person.
    pub(super) fn partition(&self, service: &TopicRuntime, person: &Address) -> Partition {
        let config = &service.config;
        Partition::of(&config.name, person, &self.groups, config.limits.partitions)
    }

    /// Makes a change in a person's partition.
    pub(super) async fn change(
        &self,
        service: &TopicRuntime,
        person: &Address,
        writes: Vec<Write>,
        wakes: Vec<Wake>,
    ) -> Result<()> {
        let partition = self.partition(service, person);
        let wakes = wakes.into_iter().map(Entry::wake).collect();
        Ok(self.store.apply(&partition, Change { writes, wakes }).await?)
    }

    /// Returns the marks of a person, of whom these addresses are known.
    pub(super) fn marks<'a>(
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
    pub(super) async fn addresses(
        &self,
        service: &TopicRuntime,
        person: &Address,
    ) -> Result<BTreeSet<Address>> {
        let partition = self.partition(service, person);
        let found = self.store.search(&partition, &self.marks(person, [])).await?;
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
}

/// Returns a person by each transport of a topic, or by the one that is named, on no line.
pub(super) fn people(
    service: &TopicRuntime,
    number: &str,
    transport: Option<&str>,
) -> Result<Vec<Address>> {
    let number = number.trim();
    anyhow::ensure!(!number.is_empty(), "the number is empty; write it in E.164, as +14155550101");
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
    Some(people).filter(|people| !people.is_empty()).with_context(|| {
        format!("topics.{} has sockets alone, whose sessions have no number", service.config.name)
    })
}

/// Returns a wake of a mailbox.
pub(super) fn wake(groups: &GroupKey, address: &Address, name: &str) -> Wake {
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
pub(super) fn shown(identity: &Identity, show: bool) -> String {
    if show { identity.reveal().to_owned() } else { identity.to_string() }
}
