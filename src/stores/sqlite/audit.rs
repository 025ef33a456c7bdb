//! Audits: finding and repairing groups whose row does not match their messages.

use std::time::Duration;

use rusqlite::params;

use super::mailbox::line_of;
use super::tallies::Tally;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_u64};
use super::{Sqlite, upkeep};
use crate::contracts::storage::{Audit, Queue, StorageError};
use crate::model::address::Group;

/// Findings of the read-only part of an audit.
struct Findings {
    groups: u64,
    /// Groups whose row is missing, superfluous, or has another length.
    mismatched: Vec<String>,
    /// Lines that have ready groups and are not in the rotation.
    unreachable: Vec<String>,
}

impl Sqlite {
    /// Reads all groups without holding up any move, then repairs what was found.
    pub(super) async fn audit_queue(
        &self,
        queue: &Queue,
        every: Duration,
    ) -> Result<Option<Audit>, StorageError> {
        let audited = queue.clone();
        let is_due = self.write(move |tx| {
            let row = tx.ensure_partition(&audited.partition)?;
            upkeep::pass_gate(tx, "audit", row.queue(audited.kind), every)
        });
        if !is_due.await? {
            return Ok(None);
        }
        let audited = queue.clone();
        let findings = self.read(move |tx| find(tx, &audited)).await?;
        let audited = queue.clone();
        self.write(move |tx| repair(tx, &audited, &findings)).await.map(Some)
    }
}

fn find(tx: &Transaction<'_>, queue: &Queue) -> StorageResult<Findings> {
    let number = tx.find_partition(&queue.partition)?.queue(queue.kind);
    let groups = "SELECT count(DISTINCT mailbox) FROM messages WHERE queue = ?1";
    let mismatched = tx.query_all(
        "WITH found AS (SELECT mailbox, count(*) AS length FROM messages
             WHERE queue = ?1 GROUP BY mailbox)
         SELECT found.mailbox FROM found LEFT JOIN mailboxes
             ON mailboxes.queue = ?1 AND mailboxes.mailbox = found.mailbox
             WHERE mailboxes.length IS NOT found.length
         UNION SELECT mailbox FROM mailboxes
             WHERE queue = ?1 AND mailbox NOT IN (SELECT mailbox FROM found)",
        [number],
        |row| row.get(0),
    )?;
    let unreachable = tx.query_all(
        "SELECT DISTINCT line FROM mailboxes WHERE queue = ?1 AND status = 'ready' AND line <> ''
             AND line NOT IN (SELECT line FROM lines WHERE queue = ?1)",
        [number],
        |row| row.get(0),
    )?;
    let groups = to_u64(tx.query_number(groups, [number])?.unwrap_or_default());
    Ok(Findings { groups, mismatched, unreachable })
}

/// Repairs what was found, and the counts. Moves may have run since, so each finding is checked again.
fn repair(tx: &mut Transaction<'_>, queue: &Queue, findings: &Findings) -> StorageResult<Audit> {
    let mut audit = Audit { groups: findings.groups, mended: 0 };
    if findings.mismatched.is_empty() && findings.unreachable.is_empty() {
        return Ok(audit);
    }
    let row = tx.ensure_partition(&queue.partition)?;
    let number = row.queue(queue.kind);
    for line in &findings.unreachable {
        tx.rotate_in(number, line)?;
        audit.mended += 1;
    }
    for mailbox in &findings.mismatched {
        if repair_group(tx, &row, queue, mailbox)? {
            audit.mended += 1;
        }
    }
    let messages = tx.query_number("SELECT count(*) FROM messages WHERE queue = ?1", [number])?;
    let given = tx.counters(number)?.given;
    tx.set_counters(number, given, given - messages.unwrap_or_default());
    Ok(audit)
}

/// Corrects the row of a group, and returns whether it was missing.
fn repair_group(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    queue: &Queue,
    mailbox: &str,
) -> StorageResult<bool> {
    let number = row.queue(queue.kind);
    let key = params![number, mailbox];
    let length = "SELECT count(*) FROM messages INDEXED BY messages_by_mailbox
         WHERE queue = ?1 AND mailbox = ?2";
    let length = tx.query_number(length, key)?.unwrap_or_default();
    if length == 0 {
        tx.remove_group(number, mailbox)?;
        return Ok(false);
    }
    let corrected = tx.execute(
        "UPDATE mailboxes SET length = ?3 WHERE queue = ?1 AND mailbox = ?2",
        params![number, mailbox, length],
    )?;
    if corrected > 0 {
        return Ok(false);
    }
    let line = line_of(&Group::from_id(mailbox));
    tx.execute(
        "INSERT INTO mailboxes (queue, mailbox, line, length, status, at)
         VALUES (?1, ?2, ?3, ?4, 'ready', ?5)",
        params![number, mailbox, line, length, tx.ticket],
    )?;
    tx.count(number, Tally::groups(1));
    tx.rotate_in(number, &line)?;
    tx.notify_ready(row, queue.kind);
    Ok(true)
}
