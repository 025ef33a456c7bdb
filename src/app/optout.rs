//! The commands `optout`: people who have opted out, listed, added, removed, exported and imported.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

use anyhow::{Context, Result, bail, ensure};
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use super::App;
use super::commands::{ImportOptions, OptOutListOptions, OptOutOptions};
use super::operator::{Access, people, shown, wake};
use crate::contracts::handler::UNDELIVERABLE;
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Address, Identity};
use crate::model::clock::{Clock as _, SystemClock};
use crate::model::consent::{self, OPTED_OUT, OptOutRecord, OptOutSource};

/// Values that are read by one round trip.
const STEP: usize = 500;

/// Opt-out as a row of a list.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    #[serde(default)]
    topic: Option<String>,
    #[serde(default)]
    transport: Option<String>,
    number: String,
    /// Blank for every line.
    #[serde(default)]
    line: Option<String>,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    source: Option<String>,
}

/// Prints the opt-outs, the oldest first.
pub(super) async fn list(app: &App, options: &OptOutListOptions) -> Result<()> {
    let access = Access::read(app, options.topic.as_deref())?;
    let mut out = std::io::stdout().lock();
    let mut found = 0;
    for service in &access.services {
        for record in records(&access, service).await? {
            let OptOutRecord { address, at, source } = &record;
            let line = Some(&address.line).filter(|line| !line.reveal().is_empty());
            let line = line.map_or("every line".to_owned(), |line| shown(line, options.show));
            let number = shown(&address.identity, options.show);
            let (at, topic) = (at.to_rfc3339_opts(SecondsFormat::Secs, true), &service.config.name);
            let (transport, source) = (&address.transport, origin(*source));
            writeln!(out, "{at}  {topic}  {transport} {number}  from {line}  {source}")?;
            found += 1;
        }
    }
    if found == 0 {
        writeln!(out, "no person has opted out")?;
    }
    Ok(())
}

/// Prints the opt-outs as CSV, with numbers in full.
pub(super) async fn export(app: &App, options: &OptOutListOptions) -> Result<()> {
    let access = Access::read(app, options.topic.as_deref())?;
    let mut out = csv::Writer::from_writer(std::io::stdout().lock());
    for service in &access.services {
        for OptOutRecord { address, at, source } in records(&access, service).await? {
            out.serialize(Row {
                topic: Some(service.config.name.to_string()),
                transport: Some(address.transport),
                number: address.identity.reveal().to_owned(),
                line: Some(address.line.reveal().to_owned()),
                at: Some(at.to_rfc3339_opts(SecondsFormat::Secs, true)),
                source: Some(origin(source)),
            })?;
        }
    }
    Ok(out.flush()?)
}

/// Opts a person out.
pub(super) async fn add(app: &App, options: &OptOutOptions) -> Result<()> {
    let access = Access::write(app, options.topic.as_deref()).await?;
    for service in &access.services {
        let lines = lines(&access, service).await?;
        for person in people(service, &options.number, options.transport.as_deref())? {
            let line = options.line.as_ref().map(Identity::new);
            let added = opt_out(&access, service, &person, line.as_ref(), &lines).await?;
            let mut known = access.addresses(service, &person).await?;
            known.retain(|address| line.as_ref().is_none_or(|line| address.line == *line));
            // What they take part in ends, as nothing reaches them.
            let wakes = known.iter().map(|it| wake(&access.groups, it, UNDELIVERABLE)).collect();
            access.change(service, &person, Vec::new(), wakes).await?;
            report(service, &person, options.show, &format!("has opted out of lines: {added}"))?;
        }
    }
    Ok(())
}

/// Takes a person's opt-outs back.
pub(super) async fn remove(app: &App, options: &OptOutOptions) -> Result<()> {
    let access = Access::write(app, options.topic.as_deref()).await?;
    let line = options.line.as_deref();
    for service in &access.services {
        let records = records(&access, service).await?;
        for person in people(service, &options.number, options.transport.as_deref())? {
            let is_theirs = |record: &&OptOutRecord| {
                let address = &record.address;
                address.identity == person.identity
                    && address.transport == person.transport
                    && line.is_none_or(|line| address.line.reveal() == line)
            };
            let theirs: Vec<_> = records.iter().filter(is_theirs).collect();
            let writes = theirs.iter().flat_map(|it| consent::opt_in(&access.groups, &it.address));
            access.change(service, &person, writes.collect(), Vec::new()).await?;
            let done = format!("opt-outs removed: {}", theirs.len());
            report(service, &person, options.show, &done)?;
        }
    }
    Ok(())
}

/// Adds the opt-outs of a list: CSV with the columns that an export has, of which only `number` is
/// required, or one number on each line.
pub(super) async fn import(app: &App, options: &ImportOptions) -> Result<()> {
    let rows = read(&options.file)?;
    let access = Access::write(app, options.topic.as_deref()).await?;
    let mut added = 0;
    for service in &access.services {
        let lines = lines(&access, service).await?;
        let name = service.config.name.as_str();
        for row in rows.iter().filter(|row| row.topic.as_deref().is_none_or(|it| it == name)) {
            for person in people(service, &row.number, row.transport.as_deref())? {
                let line = row.line.as_ref().filter(|line| !line.is_empty()).map(Identity::new);
                opt_out(&access, service, &person, line.as_ref(), &lines).await?;
            }
            added += 1;
        }
    }
    ensure!(added > 0 || rows.is_empty(), "no row is of a topic that is configured; see --topic");
    writeln!(std::io::stdout(), "opt-outs imported: {added}")?;
    Ok(())
}

/// Opts a person out of a line, or of all lines that are known. Returns their number.
async fn opt_out(
    access: &Access,
    service: &TopicRuntime,
    person: &Address,
    line: Option<&Identity>,
    known: &BTreeSet<(String, Identity)>,
) -> Result<usize> {
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
    let (at, source) = (SystemClock.now(), OptOutSource::Operator);
    let writes = addresses.iter().flat_map(|it| consent::opt_out(&access.groups, it, at, source));
    access.change(service, person, writes.collect(), Vec::new()).await?;
    Ok(addresses.len())
}

/// Returns the lines of a topic: those of its transports, and those that people have texted.
async fn lines(access: &Access, service: &TopicRuntime) -> Result<BTreeSet<(String, Identity)>> {
    let mut lines = BTreeSet::new();
    for config in &service.config.transports {
        let transport = service.transports.get(&config.name);
        let line = transport.and_then(|transport| transport.line());
        lines.extend(line.map(|line| (config.name.clone(), Identity::new(line))));
    }
    for partition in service.partitions() {
        let events = access.store.events(&partition, None).await?;
        let addresses = events.into_iter().filter_map(|event| event.detail.address);
        lines.extend(addresses.map(|address| (address.transport, address.line)));
    }
    lines.retain(|(_, line)| !line.reveal().is_empty());
    Ok(lines)
}

/// Returns the opt-outs of a topic, the oldest first. One without a line stands for all lines, and is
/// left out where the same person has one with a line.
async fn records(access: &Access, service: &TopicRuntime) -> Result<Vec<OptOutRecord>> {
    let mut records: Vec<OptOutRecord> = Vec::new();
    for partition in service.partitions() {
        let size = usize::try_from(access.store.size(&partition, OPTED_OUT).await?)?;
        let members = access.store.members(&partition, OPTED_OUT, size).await?;
        for members in members.chunks(STEP) {
            let keys: Vec<String> =
                members.iter().map(|member| member.group.as_str().to_owned()).collect();
            let values = access.store.values(&partition, &keys).await?;
            let read = values.into_iter().flatten();
            records.extend(read.filter_map(|value| serde_json::from_str(&value).ok()));
        }
    }
    let person = |record: &OptOutRecord| record.address.without_line();
    let has_line = |record: &&OptOutRecord| !record.address.line.reveal().is_empty();
    let with_line: BTreeSet<Address> = records.iter().filter(has_line).map(person).collect();
    records.retain(|record| has_line(&record) || !with_line.contains(&record.address));
    records.sort_by(|one, other| (one.at, &one.address).cmp(&(other.at, &other.address)));
    Ok(records)
}

fn read(file: &std::path::Path) -> Result<Vec<Row>> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
    }
    parse(text.trim_start_matches('\u{feff}'))
}

fn parse(text: &str) -> Result<Vec<Row>> {
    let first = text.lines().next().unwrap_or_default();
    let has_header = first.split(',').any(|column| column.trim() == "number");
    let text = if has_header { text.to_owned() } else { format!("number\n{text}") };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for (row, line) in reader.deserialize::<Row>().zip(2..) {
        // The error itself would quote the row.
        let Ok(row) = row else {
            bail!("row {line} of the list has other columns than its header")
        };
        ensure!(!row.number.is_empty(), "row {line} of the list has no number");
        rows.push(row);
    }
    Ok(rows)
}

fn report(service: &TopicRuntime, person: &Address, show: bool, done: &str) -> Result<()> {
    let person = format!("{} {}", person.transport, shown(&person.identity, show));
    writeln!(std::io::stdout(), "{}  {person}  {done}", service.config.name)?;
    Ok(())
}

fn origin(source: OptOutSource) -> String {
    match source {
        OptOutSource::Message => "message".to_owned(),
        OptOutSource::Refusal(code) => format!("refusal {code}"),
        OptOutSource::Operator => "operator".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_csv_with_a_header_or_one_number_on_each_line() {
        let numbers = |text: &str| -> Vec<(String, Option<String>)> {
            parse(text).unwrap().into_iter().map(|row| (row.number, row.line)).collect()
        };
        assert_eq!(numbers("+1415\n+1416\n"), [("+1415".into(), None), ("+1416".into(), None)]);
        let csv = "topic,number,line\nt, +1415 ,+1\nt,+1416,\n";
        assert_eq!(numbers(csv), [("+1415".into(), Some("+1".into())), ("+1416".into(), None)]);
        assert_eq!(numbers(""), []);
        let error = parse("topic,number\nt,\n").unwrap_err().to_string();
        assert_eq!(error, "row 2 of the list has no number");
        let error = parse("topic,number\n+14155550101\n").unwrap_err().to_string();
        assert!(!error.contains("4155550101"), "{error}");
    }
}
