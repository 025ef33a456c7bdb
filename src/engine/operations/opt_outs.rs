//! Opt-outs, as operators list, add and remove them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::people::{people, require_short, shown, wake};
use super::{Actor, OperationError, Operations};
use crate::contracts::handler::UNDELIVERABLE;
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Address, Identity};
use crate::model::consent::{self, OPTED_OUT, OptOutRecord, OptOutSource};
use crate::model::topic::TopicName;

/// Opt-out to be added or removed.
#[derive(Clone, Debug, Default)]
pub struct OptOutName {
    pub topic: Option<String>,
    pub transport: Option<String>,
    pub number: String,
    /// One of our numbers; all that are known when absent.
    pub line: Option<String>,
}

/// Change of the opt-outs of one person in one topic.
#[derive(Clone, Debug)]
pub struct OptOutChange {
    pub topic: TopicName,
    pub person: Address,
    /// Number of opt-outs that were added or removed.
    pub count: usize,
}

/// Opt-out as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct OptOutRow {
    pub at: DateTime<Utc>,
    pub topic: TopicName,
    pub transport: String,
    pub number: String,
    /// Absent for every line.
    pub line: Option<String>,
    pub source: String,
    /// Opaque name of the opt-out, by which it can be removed without its number.
    pub person: String,
}

/// Lines of a topic, by transport.
pub type Lines = BTreeSet<(String, Identity)>;

impl Operations {
    /// Returns the opt-outs of a topic, the oldest first. One without a line stands for all lines, and is
    /// left out where the same person has one with a line.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn opt_outs_of(
        &self,
        service: &TopicRuntime,
    ) -> Result<Vec<OptOutRecord>, OperationError> {
        let mut records: Vec<OptOutRecord> = Vec::new();
        for partition in service.partitions() {
            let found = self.pool(&partition, OPTED_OUT, str::to_owned).await?;
            let read = found.into_iter().filter_map(|(_, value)| value);
            records.extend(read.filter_map(|value| serde_json::from_str(&value).ok()));
        }
        let person = |record: &OptOutRecord| record.address.without_line();
        let has_line = |record: &&OptOutRecord| !record.address.line.reveal().is_empty();
        let with_line: BTreeSet<Address> = records.iter().filter(has_line).map(person).collect();
        records.retain(|record| has_line(&record) || !with_line.contains(&record.address));
        records.sort_by(|one, other| (one.at, &one.address).cmp(&(other.at, &other.address)));
        Ok(records)
    }

    /// Opts a person out, and ends what they take part in, as nothing reaches them.
    ///
    /// # Errors
    /// The name is not usable, or the store is unavailable.
    pub async fn add_opt_out(
        &self,
        actor: &Actor,
        name: &OptOutName,
    ) -> Result<Vec<OptOutChange>, OperationError> {
        let line = name.line.as_ref().map(Identity::new);
        let target = self.target(name)?;
        let work = async {
            let mut done = Vec::new();
            for service in self.chosen(name.topic.as_deref())? {
                let lines = self.lines_known(service).await?;
                for person in people(service, &name.number, name.transport.as_deref())? {
                    let count = self.opt_out(service, &person, line.as_ref(), &lines).await?;
                    let mut known = self.addresses(service, &person).await?;
                    known.retain(|address| line.as_ref().is_none_or(|it| address.line == *it));
                    let wakes =
                        known.iter().map(|it| wake(&self.groups, it, UNDELIVERABLE)).collect();
                    self.change(service, &person, Vec::new(), wakes).await?;
                    done.push(OptOutChange { topic: service.config.name.clone(), person, count });
                }
            }
            Ok(done)
        };
        self.audited(actor, "opt-out: add", target, work, counted).await
    }

    /// Takes a person's opt-outs back.
    ///
    /// # Errors
    /// The name is not usable, or the store is unavailable.
    pub async fn remove_opt_out(
        &self,
        actor: &Actor,
        name: &OptOutName,
    ) -> Result<Vec<OptOutChange>, OperationError> {
        let (target, line) = (self.target(name)?, name.line.as_deref());
        let work = async {
            let mut done = Vec::new();
            for service in self.chosen(name.topic.as_deref())? {
                let records = self.opt_outs_of(service).await?;
                for person in people(service, &name.number, name.transport.as_deref())? {
                    let is_theirs = |record: &&OptOutRecord| {
                        let address = &record.address;
                        address.identity == person.identity
                            && address.transport == person.transport
                            && line.is_none_or(|line| address.line.reveal() == line)
                    };
                    let theirs: Vec<_> = records.iter().filter(is_theirs).collect();
                    let writes =
                        theirs.iter().flat_map(|it| consent::opt_in(&self.groups, &it.address));
                    let (count, writes) = (theirs.len(), writes.collect());
                    self.change(service, &person, writes, Vec::new()).await?;
                    done.push(OptOutChange { topic: service.config.name.clone(), person, count });
                }
            }
            Ok(done)
        };
        self.audited(actor, "opt-out: remove", target, work, counted).await
    }

    /// Returns the name as the audit log has it.
    fn target(&self, name: &OptOutName) -> Result<String, OperationError> {
        for service in self.chosen(name.topic.as_deref())? {
            people(service, &name.number, name.transport.as_deref())?;
        }
        require_short(name.line.as_deref().unwrap_or_default())?;
        let topic = name.topic.as_deref().unwrap_or("all topics");
        Ok(format!("{topic}: {}", Identity::new(name.number.trim())))
    }

    /// Returns the row of an opt-out.
    pub fn opt_out_row(
        &self,
        service: &TopicRuntime,
        record: &OptOutRecord,
        show: bool,
    ) -> OptOutRow {
        let OptOutRecord { address, at, source } = record;
        let line = Some(&address.line).filter(|line| !line.reveal().is_empty());
        OptOutRow {
            at: *at,
            topic: service.config.name.clone(),
            transport: address.transport.clone(),
            number: shown(&address.identity, show),
            line: line.map(|line| shown(line, show)),
            source: source.to_string(),
            person: self.handle(address),
        }
    }

    /// Returns the name of an opt-out in a list.
    ///
    /// # Errors
    /// The handle is none of this deployment.
    pub fn opt_out_name(
        &self,
        topic: Option<String>,
        handle: &str,
    ) -> Result<OptOutName, OperationError> {
        let unknown = || OperationError::invalid("there is no such opt-out; list them again");
        let address = self.open_handle(handle).ok_or_else(unknown)?;
        let line = Some(address.line.reveal().to_owned()).filter(|line| !line.is_empty());
        let (transport, number) = (Some(address.transport), address.identity.reveal().to_owned());
        Ok(OptOutName { topic, transport, number, line })
    }

    /// Returns the lines of a topic: those of its transports, and those that people have texted.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn opt_out_lines(&self, service: &TopicRuntime) -> Result<Lines, OperationError> {
        self.lines_known(service).await
    }

    /// Opts a person out of a line, or of all lines that are known. Returns their number.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn opt_out(
        &self,
        service: &TopicRuntime,
        person: &Address,
        line: Option<&Identity>,
        known: &Lines,
    ) -> Result<usize, OperationError> {
        let of_transport = known.iter().filter(|(transport, _)| *transport == person.transport);
        let lines: Vec<Identity> = match line {
            Some(line) => vec![line.clone()],
            None => of_transport.map(|(_, line)| line.clone()).collect(),
        };
        let mut addresses: Vec<Address> =
            lines.into_iter().map(|line| Address { line, ..person.clone() }).collect();
        if addresses.is_empty() {
            addresses.push(person.clone());
        }
        let (at, source) = (self.clock.now(), OptOutSource::Operator);
        let writes = addresses.iter().flat_map(|it| consent::opt_out(&self.groups, it, at, source));
        self.change(service, person, writes.collect(), Vec::new()).await?;
        Ok(addresses.len())
    }
}

#[expect(clippy::ptr_arg, reason = "it is the outcome of a work that returns a vector")]
fn counted(done: &Vec<OptOutChange>) -> String {
    format!("done: {}", done.iter().map(|it| it.count).sum::<usize>())
}
