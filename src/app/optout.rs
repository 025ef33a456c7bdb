//! The commands `optout`: people who have opted out, listed, added, removed, exported and imported.

use std::io::{Read as _, Write as _};

use anyhow::{Context, Result, bail, ensure};
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::App;
use super::commands::{ImportOptions, OptOutListOptions, OptOutOptions};
use super::operator::{self, Way, actor};
use crate::engine::operations::{Operations, OptOutChange, OptOutName, people, shown};
use crate::model::address::Identity;
use crate::model::consent::OptOutRecord;

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
    let access = operator::read(app, options.topic.as_deref())?;
    let mut out = std::io::stdout().lock();
    let mut found = 0;
    for service in &access.services {
        for record in access.opt_outs_of(service).await? {
            let OptOutRecord { address, at, source } = &record;
            let line = Some(&address.line).filter(|line| !line.reveal().is_empty());
            let line = line.map_or("every line".to_owned(), |line| shown(line, options.show));
            let number = shown(&address.identity, options.show);
            let (at, topic) = (at.to_rfc3339_opts(SecondsFormat::Secs, true), &service.config.name);
            let transport = &address.transport;
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
    let access = operator::read(app, options.topic.as_deref())?;
    let mut out = csv::Writer::from_writer(std::io::stdout().lock());
    for service in &access.services {
        for OptOutRecord { address, at, source } in access.opt_outs_of(service).await? {
            out.serialize(Row {
                topic: Some(service.config.name.to_string()),
                transport: Some(address.transport),
                number: address.identity.reveal().to_owned(),
                line: Some(address.line.reveal().to_owned()),
                at: Some(at.to_rfc3339_opts(SecondsFormat::Secs, true)),
                source: Some(source.to_string()),
            })?;
        }
    }
    Ok(out.flush()?)
}

/// Opts a person out.
pub(super) async fn add(app: &App, options: &OptOutOptions) -> Result<()> {
    change(app, options, "/optouts", "has opted out of lines").await
}

/// Takes a person's opt-outs back.
pub(super) async fn remove(app: &App, options: &OptOutOptions) -> Result<()> {
    change(app, options, "/optouts/remove", "opt-outs removed").await
}

async fn change(app: &App, options: &OptOutOptions, path: &str, done: &str) -> Result<()> {
    let OptOutOptions { number, topic, transport, line, show } = options;
    match operator::way(app, topic.as_deref()).await? {
        Way::Store(operations) => {
            let name = OptOutName {
                topic: topic.clone(),
                transport: transport.clone(),
                number: number.clone(),
                line: line.clone(),
            };
            let changes = if path == "/optouts" {
                operations.add_opt_out(&actor(app), &name).await?
            } else {
                operations.remove_opt_out(&actor(app), &name).await?
            };
            for OptOutChange { topic, person, count } in changes {
                let number = shown(&person.identity, *show);
                report(topic.as_str(), &person.transport, &number, &format!("{done}: {count}"))?;
            }
        }
        Way::Server(_, client) => {
            let body =
                json!({ "topic": topic, "transport": transport, "number": number, "line": line });
            let answer = operator::post(&client, path, &body).await?;
            for change in answer["done"].as_array().into_iter().flatten() {
                let text = |key: &str| change[key].as_str().unwrap_or_default();
                let done = format!("{done}: {}", change["count"]);
                report(text("topic"), text("transport"), text("number"), &done)?;
            }
        }
    }
    Ok(())
}

/// Adds the opt-outs of a list: CSV with the columns that an export has, of which only `number` is
/// required, or one number on each line.
pub(super) async fn import(app: &App, options: &ImportOptions) -> Result<()> {
    let rows = read(&options.file)?;
    let access = operator::write(app, options.topic.as_deref()).await?;
    let mut added = 0;
    let imported = import_rows(&access, &rows, &mut added).await;
    let failure = imported.as_ref().err().map(|error| format!("failed after {added}: {error}"));
    let noted = failure.unwrap_or_else(|| format!("done: {added}"));
    let noted = access.note(&actor(app), "opt-out: import", String::new(), noted).await;
    imported?;
    noted?;
    ensure!(added > 0 || rows.is_empty(), "no row is of a topic that is configured; see --topic");
    writeln!(std::io::stdout(), "opt-outs imported: {added}")?;
    Ok(())
}

/// Adds opt-outs, and counts those that were added, also when one of them fails.
async fn import_rows(access: &Operations, rows: &[Row], added: &mut usize) -> Result<()> {
    for service in &access.services {
        let lines = access.opt_out_lines(service).await?;
        let name = service.config.name.as_str();
        for row in rows.iter().filter(|row| row.topic.as_deref().is_none_or(|it| it == name)) {
            for person in people(service, &row.number, row.transport.as_deref())? {
                let line = row.line.as_ref().filter(|line| !line.is_empty()).map(Identity::new);
                access.opt_out(service, &person, line.as_ref(), &lines).await?;
            }
            *added += 1;
        }
    }
    Ok(())
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

fn report(topic: &str, transport: &str, number: &str, done: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{topic}  {transport} {number}  {done}")?;
    Ok(())
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
