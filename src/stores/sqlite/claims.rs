//! Claims: making them, extending their leases, and reclaiming groups whose lease has expired.

use std::time::Duration;

use chrono::DateTime;
use rusqlite::params;

use super::rotation::{Candidate, longest_ready, next_line, next_suspect};
use super::tallies::Tally;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64, to_u64};
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
    let lessee = Lessee { row: &row, number: row.queue(queue.kind), queue, request };
    let mut claimed = Claimed::default();
    if request.reclaim {
        reclaim(tx, &row, queue.kind, CLAIM_RECLAIMS)?;
        claimed.next_due = next_due(tx, lessee.number)?;
        if let Some(suspect) = next_suspect(tx, &row, lessee.number, &request.closed)? {
            let suspect = Candidate { isolated: suspect.isolated + 1, ..suspect };
            claimed.claims.extend(lessee.lease(tx, suspect)?);
        }
    }
    lessee.lease_ready(tx, &mut claimed.claims)?;
    Ok(claimed)
}

/// Subject of a request for claims.
struct Lessee<'l> {
    row: &'l PartitionRow<'l>,
    number: i64,
    queue: &'l Queue,
    request: &'l ClaimRequest,
}

impl Lessee<'_> {
    /// Leases ready groups: those without a line first, then one of each open line in turn.
    fn lease_ready(&self, tx: &mut Transaction<'_>, claims: &mut Vec<Claim>) -> StorageResult<()> {
        let max = self.request.max;
        self.lease_line(tx, "", claims, max)?;
        while claims.len() < max {
            let Some(next) = next_line(tx, self.number, &self.request.closed)? else { break };
            let most = if next.is_alone { max } else { claims.len() + 1 };
            self.lease_line(tx, &next.line, claims, most)?;
            tx.rotate(self.number, &next)?;
        }
        Ok(())
    }

    /// Leases the longest ready groups of a line, until there are `max` claims or no more groups.
    fn lease_line(
        &self,
        tx: &Transaction<'_>,
        line: &str,
        claims: &mut Vec<Claim>,
        max: usize,
    ) -> StorageResult<()> {
        while claims.len() < max {
            let limit = max - claims.len();
            let found = longest_ready(tx, self.row, self.number, line, limit)?;
            let is_all = found.len() < limit;
            for group in found {
                claims.extend(self.lease(tx, group)?);
            }
            if is_all {
                break;
            }
        }
        Ok(())
    }

    /// Leases a group. One without messages is removed instead.
    fn lease(&self, tx: &Transaction<'_>, found: Candidate) -> StorageResult<Option<Claim>> {
        let (number, request) = (self.number, self.request);
        let Some(head) = found.head else {
            tx.remove_group(number, &found.mailbox)?;
            return Ok(None);
        };
        let (attempt, end) = (found.attempt + 1, tx.in_future(request.lease));
        tx.expect(number, end);
        tx.execute(
            "UPDATE mailboxes SET status = 'leased', at = ?3, token = ?4, attempt = ?5,
                 isolated = ?6, outcome_unknown = coalesce(outcome_unknown, ?7)
             WHERE queue = ?1 AND mailbox = ?2",
            params![
                number,
                found.mailbox,
                end,
                request.token.as_str(),
                attempt,
                found.isolated,
                tx.now,
            ],
        )?;
        Ok(Some(Claim {
            queue: self.queue.clone(),
            group: Group::from_id(found.mailbox),
            token: request.token.clone(),
            sequence: to_u64(head.sequence),
            id: MessageId::new(head.id),
            payload: head.payload,
            attempt,
            isolated: found.isolated,
            failures: found.failures,
            outcome_unknown_since: found.outcome_unknown.and_then(DateTime::from_timestamp_millis),
            note: found.note,
            state: found.state,
        }))
    }
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
    if tx.memo.borrow().is_quiet(queue, tx.now) {
        return Ok(0);
    }
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
    tx.count(queue, Tally::delayed(-to_i64(due.len())));
    for line in expired.iter().chain(&due) {
        tx.rotate_in(queue, line)?;
        tx.notify_ready(row, kind);
    }
    let woken = deliver_wakes(tx, row, kind, limit)?;
    next_due(tx, queue)?;
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
        tx.count(queue, Tally::scheduled(-1));
        tx.append_wake(row, kind, entry)?;
    }
    Ok(due.len())
}

/// Returns the time until the next lease, retry or wake is due, and notes that nothing is before.
fn next_due(tx: &Transaction<'_>, queue: i64) -> StorageResult<Option<Duration>> {
    let due = tx.query_number(
        "SELECT min(due) FROM (
             SELECT min(at) AS due FROM mailboxes WHERE queue = ?1 AND status = 'leased'
             UNION ALL SELECT min(at) FROM mailboxes WHERE queue = ?1 AND status = 'delayed'
             UNION ALL SELECT min(due) FROM wakes WHERE queue = ?1)",
        [queue],
    )?;
    tx.memo.borrow_mut().keep_quiet(queue, due);
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
    tx.expect(number, end);
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
