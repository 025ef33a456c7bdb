//! The rotation of lines, and the choice of the next group to claim.

use rusqlite::{Row, params};

use super::transaction::{StorageResult, Transaction};
use crate::model::address::LineKey;

/// A group that may be claimed, with the attempts of its head.
pub(super) struct Candidate {
    pub(super) mailbox: String,
    pub(super) attempt: u32,
    pub(super) isolated: u32,
    pub(super) failures: u32,
    pub(super) outcome_unknown: Option<i64>,
    pub(super) note: Option<String>,
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            mailbox: row.get(0)?,
            attempt: row.get(1)?,
            isolated: row.get(2)?,
            failures: row.get(3)?,
            outcome_unknown: row.get(4)?,
            note: row.get(5)?,
        })
    }
}

/// Returns the next ready group: the longest waiting without a line, or else the longest waiting of
/// the open line that was served least recently, which goes to the end of the rotation.
pub(super) fn next_ready(
    tx: &mut Transaction<'_>,
    queue: i64,
    closed: &[LineKey],
) -> StorageResult<Option<Candidate>> {
    if let Some(group) = longest_ready(tx, queue, "")? {
        return Ok(Some(group));
    }
    while let Some(line) = next_line(tx, queue, closed)? {
        let group = longest_ready(tx, queue, &line)?;
        let mailbox = group.as_ref().map_or("", |group| &group.mailbox);
        let turn = tx.take_later_ticket();
        let has_more = tx.execute(
            "UPDATE lines SET turn = ?4 WHERE queue = ?1 AND line = ?2 AND EXISTS (
                 SELECT 1 FROM mailboxes
                 WHERE queue = ?1 AND status = 'ready' AND line = ?2 AND mailbox <> ?3)",
            params![queue, line, mailbox, turn],
        )?;
        if has_more == 0 {
            let remove = "DELETE FROM lines WHERE queue = ?1 AND line = ?2";
            tx.execute(remove, params![queue, line])?;
        }
        if group.is_some() {
            return Ok(group);
        }
    }
    Ok(None)
}

fn longest_ready(tx: &Transaction<'_>, queue: i64, line: &str) -> StorageResult<Option<Candidate>> {
    tx.query_optional(
        "SELECT mailbox, attempt, isolated, failures, outcome_unknown, note FROM mailboxes
         WHERE queue = ?1 AND status = 'ready' AND line = ?2 ORDER BY at, mailbox LIMIT 1",
        params![queue, line],
        Candidate::read,
    )
}

/// Returns the open line that was served least recently.
fn next_line(
    tx: &Transaction<'_>,
    queue: i64,
    closed: &[LineKey],
) -> StorageResult<Option<String>> {
    tx.query_first(
        "SELECT line FROM lines WHERE queue = ?1 ORDER BY turn, line",
        [queue],
        |row| row.get(0),
        |line: &String| !is_closed(line, closed),
    )
}

fn is_closed(line: &str, closed: &[LineKey]) -> bool {
    !line.is_empty() && closed.iter().any(|key| line.starts_with(key.as_str()))
}

/// Returns the suspect that has waited longest on an open line, when no other one is being tried.
pub(super) fn next_suspect(
    tx: &Transaction<'_>,
    queue: i64,
    closed: &[LineKey],
) -> StorageResult<Option<Candidate>> {
    let being_tried = tx.query_optional(
        "SELECT 1 FROM mailboxes INDEXED BY suspect_being_tried
         WHERE queue = ?1 AND status = 'leased' AND isolated > 0",
        [queue],
        |_| Ok(()),
    )?;
    if being_tried.is_some() {
        return Ok(None);
    }
    let found = tx.query_first(
        "SELECT mailbox, attempt, isolated, failures, outcome_unknown, note, line FROM mailboxes
         WHERE queue = ?1 AND status = 'suspect' ORDER BY at, mailbox",
        [queue],
        |row| Ok((Candidate::read(row)?, row.get::<_, String>(6)?)),
        |(_, line)| !is_closed(line, closed),
    )?;
    Ok(found.map(|(suspect, _)| suspect))
}
