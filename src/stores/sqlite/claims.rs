//! Claims: making them, extending their leases, and reclaiming groups whose lease has expired.

use std::time::Duration;

use chrono::DateTime;
use rusqlite::params;

use super::rotation::{Candidate, next_ready, next_suspect};
use super::transaction::{PartitionRow, StorageResult, Transaction, to_u64};
use crate::contracts::storage::encoding::{CLAIM_RECLAIMS, SUSPECT_AFTER};
use crate::contracts::storage::{Claim, ClaimRequest, Claimed, Entry, Queue, QueueKind, Token};
use crate::model::address::Group;
use crate::model::message::MessageId;

/// Claims the heads of the next ready groups, under a lease.
pub(super) fn claim(
    tx: &mut Transaction<'_>,
    queue: &Queue,
    request: &ClaimRequest,
) -> StorageResult<Claimed> {
    let row = tx.ensure_partition(&queue.partition)?;
    let number = row.queue(queue.kind);
    let mut claimed = Claimed::default();
    if request.reclaim {
        reclaim(tx, &row, queue.kind, CLAIM_RECLAIMS)?;
        claimed.next_due = next_due(tx, number)?;
        if let Some(suspect) = next_suspect(tx, number, &request.closed)? {
            let suspect = Candidate { isolated: suspect.isolated + 1, ..suspect };
            claimed.claims.extend(lease(tx, &row, queue, request, suspect)?);
        }
    }
    while claimed.claims.len() < request.max {
        let Some(next) = next_ready(tx, number, &request.closed)? else { break };
        claimed.claims.extend(lease(tx, &row, queue, request, next)?);
    }
    Ok(claimed)
}

/// Leases a group. One without messages, which only an edit of the file leaves, is removed instead.
fn lease(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    queue: &Queue,
    request: &ClaimRequest,
    found: Candidate,
) -> StorageResult<Option<Claim>> {
    let number = row.queue(queue.kind);
    let head = tx.query_optional(
        "SELECT sequence, id, payload FROM messages
         WHERE queue = ?1 AND mailbox = ?2 ORDER BY sequence LIMIT 1",
        params![number, found.mailbox],
        |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)),
    )?;
    let Some((sequence, id, payload)) = head else {
        let remove = "DELETE FROM mailboxes WHERE queue = ?1 AND mailbox = ?2";
        tx.execute(remove, params![number, found.mailbox])?;
        return Ok(None);
    };
    let attempt = found.attempt + 1;
    tx.execute(
        "UPDATE mailboxes SET status = 'leased', at = ?3, token = ?4, attempt = ?5, isolated = ?6,
             outcome_unknown = coalesce(outcome_unknown, ?7)
         WHERE queue = ?1 AND mailbox = ?2",
        params![
            number,
            found.mailbox,
            tx.in_future(request.lease),
            request.token.as_str(),
            attempt,
            found.isolated,
            tx.now,
        ],
    )?;
    let state = tx.value(row, &found.mailbox)?;
    Ok(Some(Claim {
        queue: queue.clone(),
        group: Group::from_id(found.mailbox),
        token: request.token.clone(),
        sequence: to_u64(sequence),
        id: MessageId::new(id),
        payload,
        attempt,
        isolated: found.isolated,
        failures: found.failures,
        outcome_unknown_since: found.outcome_unknown.and_then(DateTime::from_timestamp_millis),
        note: found.note,
        state,
    }))
}

/// Makes ready, ahead of all others, groups whose lease has expired or whose retry is due, and delivers
/// wakes that are due. A message that lost too many claims is a suspect and is kept apart.
pub(super) fn reclaim(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    kind: QueueKind,
    limit: u32,
) -> StorageResult<u64> {
    let queue = row.queue(kind);
    let expired = tx.query_all(
        "UPDATE mailboxes SET token = NULL,
             status = CASE WHEN attempt >= ?5 THEN 'suspect' ELSE 'ready' END,
             at = CASE WHEN attempt >= ?5 THEN ?4 ELSE 0 END
         WHERE queue = ?1 AND mailbox IN (SELECT mailbox FROM mailboxes
             WHERE queue = ?1 AND status = 'leased' AND at <= ?2 ORDER BY at LIMIT ?3)
         RETURNING iif(status = 'ready', line, '')",
        params![queue, tx.now, limit, tx.ticket, SUSPECT_AFTER],
        |row| row.get::<_, String>(0),
    )?;
    let due = tx.query_all(
        "UPDATE mailboxes SET status = 'ready', at = 0
         WHERE queue = ?1 AND mailbox IN (SELECT mailbox FROM mailboxes
             WHERE queue = ?1 AND status = 'delayed' AND at <= ?2 ORDER BY at LIMIT ?3)
         RETURNING line",
        params![queue, tx.now, limit],
        |row| row.get::<_, String>(0),
    )?;
    for line in expired.iter().chain(&due) {
        tx.rotate_in(queue, line)?;
        tx.notify_ready(row, kind);
    }
    let woken = deliver_wakes(tx, row, kind, limit)?;
    Ok((expired.len() + due.len() + woken) as u64)
}

fn deliver_wakes(
    tx: &mut Transaction<'_>,
    row: &PartitionRow<'_>,
    kind: QueueKind,
    limit: u32,
) -> StorageResult<usize> {
    let queue = row.queue(kind);
    let due = tx.query_all(
        "SELECT mailbox, id, payload FROM wakes
         WHERE queue = ?1 AND due <= ?2 ORDER BY due, mailbox, id, payload LIMIT ?3",
        params![queue, tx.now, limit],
        |row| {
            Ok(Entry {
                group: Group::from_id(row.get::<_, String>(0)?),
                id: MessageId::new(row.get::<_, String>(1)?),
                payload: row.get(2)?,
            })
        },
    )?;
    for entry in &due {
        tx.execute(
            "DELETE FROM wakes WHERE queue = ?1 AND mailbox = ?2 AND id = ?3 AND payload = ?4",
            params![queue, entry.group.as_str(), entry.id.as_str(), entry.payload],
        )?;
        tx.append_wake(row, kind, entry)?;
    }
    Ok(due.len())
}

/// Returns the time until the next lease, retry or wake is due.
fn next_due(tx: &Transaction<'_>, queue: i64) -> StorageResult<Option<Duration>> {
    let due = tx.query_number(
        "SELECT min(due) FROM (
             SELECT min(at) AS due FROM mailboxes WHERE queue = ?1 AND status = 'leased'
             UNION ALL SELECT min(at) FROM mailboxes WHERE queue = ?1 AND status = 'delayed'
             UNION ALL SELECT min(due) FROM wakes WHERE queue = ?1)",
        [queue],
    )?;
    Ok(due.map(|due| Duration::from_millis(to_u64(due.saturating_sub(tx.now)))))
}

/// Moves the end of the leases that are still held, and returns the groups whose lease is lost.
pub(super) fn extend(
    tx: &Transaction<'_>,
    queue: &Queue,
    lease: Duration,
    claims: &[(Group, Token)],
) -> StorageResult<Vec<Group>> {
    let number = tx.find_partition(&queue.partition)?.queue(queue.kind);
    let end = tx.in_future(lease);
    let mut lost = Vec::new();
    for (group, token) in claims {
        let kept = tx.execute(
            "UPDATE mailboxes SET at = ?4 WHERE queue = ?1 AND mailbox = ?2 AND token = ?3",
            params![number, group.as_str(), token.as_str(), end],
        )?;
        if kept == 0 {
            lost.push(group.clone());
        }
    }
    Ok(lost)
}
