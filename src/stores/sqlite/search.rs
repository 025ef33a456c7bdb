//! Search of a partition for a person: every row of it is read and compared with the person's marks.

use rusqlite::types::ValueRef;
use rusqlite::{Params, Row};

use super::transaction::{PartitionRow, StorageResult, Transaction};
use crate::contracts::storage::{Marks, Partition, Place, QueueKind, Trace};

/// Tables that are searched by what is known of their columns, or hold nothing of a person. The lines
/// of feeds are searched as feeds.
const KNOWN: [&str; 16] = [
    "partitions",
    "queues",
    "mailboxes",
    "lines",
    "messages",
    "wakes",
    "dead_letters",
    "state",
    "counters",
    "pools",
    "known",
    "owed",
    "events",
    "feeds",
    "gates",
    "topics",
];

/// Returns every trace of a person in a partition.
pub(super) fn search(
    tx: &Transaction<'_>,
    partition: &Partition,
    marks: &Marks,
) -> StorageResult<Vec<Trace>> {
    let row = tx.find_partition(partition)?;
    let mut found = handlers_state(tx, &row, marks)?;
    for kind in [QueueKind::Inbound, QueueKind::Outbox] {
        found.extend(messages(tx, &row, kind, marks)?);
    }
    found.extend(rows(
        tx,
        "SELECT mailbox, payload, id FROM wakes WHERE queue = ?1",
        [row.queue(QueueKind::Inbound)],
        Place::Wake,
        |trace| marks.name(&trace.name) || marks.text(&trace.text),
    )?);
    found.extend(rows(
        tx,
        "SELECT message, detail, CAST(number AS TEXT) FROM events WHERE partition = ?1",
        [row.number],
        Place::Event,
        |trace| marks.text(&trace.name) || marks.name(&trace.text),
    )?);
    found.extend(others(tx, marks)?);
    Ok(found)
}

/// Searches state, pools and counters. What has expired stands in the file until it is trimmed.
fn handlers_state(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    marks: &Marks,
) -> StorageResult<Vec<Trace>> {
    let of_partition = [row.number];
    let mut found = rows(
        tx,
        "SELECT key, value, '' FROM state WHERE partition = ?1",
        of_partition,
        Place::State,
        |trace| marks.name(&trace.name) || marks.text(&trace.text),
    )?;
    found.extend(rows(
        tx,
        "SELECT pool, mailbox, '' FROM pools WHERE partition = ?1",
        of_partition,
        Place::Pool,
        |trace| marks.name(&trace.name) || marks.name(&trace.text),
    )?);
    found.extend(rows(
        tx,
        "SELECT counter, '', '' FROM counters WHERE partition = ?1",
        of_partition,
        Place::Counter,
        |trace| marks.name(&trace.name),
    )?);
    Ok(found)
}

fn messages(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    kind: QueueKind,
    marks: &Marks,
) -> StorageResult<Vec<Trace>> {
    let is_trace = |trace: &Trace| marks.name(&trace.name) || marks.text(&trace.text);
    let mut found = rows(
        tx,
        "SELECT mailbox, payload, CAST(sequence AS TEXT) FROM messages WHERE queue = ?1",
        [row.queue(kind)],
        Place::Message(kind),
        is_trace,
    )?;
    found.extend(rows(
        tx,
        "SELECT mailbox, payload, CAST(number AS TEXT) FROM dead_letters WHERE queue = ?1",
        [row.queue(kind)],
        Place::DeadLetter(kind),
        is_trace,
    )?);
    Ok(found)
}

/// Searches the texts of all other tables, whichever partition they are of.
fn others(tx: &Transaction<'_>, marks: &Marks) -> StorageResult<Vec<Trace>> {
    let text = |row: &Row<'_>| row.get::<_, String>(0);
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut found = Vec::new();
    for table in tx.query_all(tables, (), text)? {
        if KNOWN.contains(&table.as_str()) {
            continue;
        }
        let columns = "SELECT name FROM pragma_table_info(?1) WHERE type = 'TEXT'";
        for column in tx.query_all(columns, [&table], text)? {
            let values = format!("SELECT DISTINCT \"{column}\" FROM \"{table}\"");
            let read = |row: &Row<'_>| match row.get_ref(0)? {
                ValueRef::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
                _ => Ok(String::new()),
            };
            let mut statement = tx.connection().prepare(&values)?;
            let values: Vec<String> = statement.query_map((), read)?.collect::<Result<_, _>>()?;
            found.extend(values.into_iter().filter(|value| marks.name(value)).map(|locator| {
                let name = format!("{table}.{column}");
                Trace { place: Place::Other, name, text: String::new(), locator }
            }));
        }
    }
    Ok(found)
}

/// Erases the rows of another table in which a column has a value; `name` is `table.column`.
pub(super) fn erase_row(tx: &Transaction<'_>, name: &str, value: &str) -> StorageResult<usize> {
    let Some((table, column)) = name.split_once('.') else { return Ok(0) };
    let erase = format!("DELETE FROM \"{table}\" WHERE \"{column}\" = ?1");
    Ok(tx.connection().execute(&erase, [value])?)
}

/// Returns those rows of name, text and locator that are traces.
fn rows(
    tx: &Transaction<'_>,
    sql: &'static str,
    values: impl Params,
    place: Place,
    is_trace: impl Fn(&Trace) -> bool,
) -> StorageResult<Vec<Trace>> {
    let read = |row: &Row<'_>| {
        let trace = Trace { place, name: row.get(0)?, text: row.get(1)?, locator: row.get(2)? };
        Ok(is_trace(&trace).then_some(trace))
    };
    Ok(tx.query_all(sql, values, read)?.into_iter().flatten().collect())
}
