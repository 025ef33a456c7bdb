//! The command `survey export`: the records of a survey, as CSV or JSON.

use std::io::Write;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::commands::{ExportFormat, ExportOptions};
use super::store::StoreHandle;
use crate::contracts::storage::{Partition, Storage};
use crate::engine::topic::TopicRuntime;
use crate::model::spreadsheet::harmless;
use crate::model::table::Table;

/// Records that are read by one round trip.
const STEP: usize = 500;

/// Prints the records of the survey that the options name, the oldest first.
pub(super) async fn export(
    services: &[TopicRuntime],
    store: &StoreHandle,
    options: &ExportOptions,
) -> Result<()> {
    let (service, table) = find(services, options.survey.as_deref())?;
    let store = store.connect()?;
    let mut records = Vec::new();
    for partition in service.partitions() {
        records.extend(read(store.as_ref(), &partition, &table).await?);
    }
    records.sort_by_key(|record| record["started"].as_str().map(str::to_owned));
    let out = std::io::stdout().lock();
    match options.format {
        ExportFormat::Csv => write_csv(&table.columns, &records, out),
        ExportFormat::Json => {
            let mut out = out;
            serde_json::to_writer_pretty(&mut out, &records)?;
            Ok(writeln!(out)?)
        }
    }
}

/// Returns the one survey of this name; without a name, the only one.
fn find<'s>(
    services: &'s [TopicRuntime],
    survey: Option<&str>,
) -> Result<(&'s TopicRuntime, Table)> {
    let tables = services.iter().flat_map(|service| {
        service.handler.tables().into_iter().map(move |table| (service, table))
    });
    let (mut found, others): (Vec<_>, Vec<_>) =
        tables.partition(|(_, table)| survey.is_none_or(|name| table.name == name));
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (Some(other), _) => {
            found.push(other);
            bail!("there are several surveys; choose one of: {}", list(&found))
        }
        (None, _) if others.is_empty() => {
            bail!("no topic has a survey; write one with handler = \"survey\"")
        }
        (None, _) => bail!("there is no such survey; choose one of: {}", list(&others)),
    }
}

/// Returns the options that choose each of these surveys.
fn list(tables: &[(&TopicRuntime, Table)]) -> String {
    let chosen = |(service, table): &(&TopicRuntime, Table)| match table.name.as_str() {
        "" => format!("--topic {}", service.config.name),
        app => format!("--topic {} --survey {app}", service.config.name),
    };
    tables.iter().map(chosen).collect::<Vec<_>>().join("; ")
}

async fn read(store: &dyn Storage, partition: &Partition, table: &Table) -> Result<Vec<Value>> {
    let size = store.size(partition, &table.pool).await?;
    let members = store.members(partition, &table.pool, usize::try_from(size)?).await?;
    let key = |group: &str| Table::key(&table.pool, group);
    let keys: Vec<String> = members.iter().map(|member| key(member.group.as_str())).collect();
    let mut records = Vec::new();
    for keys in keys.chunks(STEP) {
        // A record may expire between the two reads.
        for record in store.values(partition, keys).await?.into_iter().flatten() {
            records.push(serde_json::from_str(&record).context("a record is no JSON")?);
        }
    }
    Ok(records)
}

fn write_csv(columns: &[String], records: &[Value], out: impl Write) -> Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(columns.iter().map(|name| harmless(name)))?;
    for record in records {
        rows.write_record(columns.iter().map(|name| cell(&record[name.as_str()])))?;
    }
    Ok(rows.flush()?)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => harmless(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_that_looks_like_a_formula_is_only_a_text() {
        let columns = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
        let record = json!({
            "a": "=HYPERLINK(\"http://x\")", "b": " @SUM(A1)", "c": -5, "d": true,
            "e": "one, \"two\"\nthree", "g": 1,
        });
        let mut out = Vec::new();
        write_csv(&columns, &[record], &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a,b,c,d,e,f\n\"'=HYPERLINK(\"\"http://x\"\")\",' @SUM(A1),-5,yes,\
             \"one, \"\"two\"\"\nthree\",\n"
        );
    }
}
