//! Pushes of accepted messages.

use rusqlite::params;

use super::records::REMEMBERED;
use super::transaction::{StorageResult, Transaction, to_u64};
use crate::contracts::storage::encoding::{digest, dropped};
use crate::contracts::storage::{Partition, Push, Pushed, QueueKind};

/// Appends a message to its group, once, with the outbound messages that it causes at once.
pub(super) fn push(
    tx: &mut Transaction<'_>,
    partition: &Partition,
    push: &Push,
) -> StorageResult<Pushed> {
    let row = tx.ensure_partition(partition)?;
    let id = digest(&[push.entry.id.as_str()]);
    if tx.is_known(&row, &id)? {
        return Ok(Pushed::Duplicate);
    }
    for alias in &push.aliases {
        if tx.is_known(&row, &digest(&[alias.as_str()]))? {
            return Ok(Pushed::Duplicate);
        }
    }
    let pending = tx.query_number(
        "SELECT sum(given - done) FROM queues WHERE queue IN (?1, ?2)",
        [row.queue(QueueKind::Inbound), row.queue(QueueKind::Outbox)],
    )?;
    if to_u64(pending.unwrap_or_default()) >= push.max_depth {
        return Ok(Pushed::Full);
    }
    let waiting = tx.query_number(
        "SELECT length FROM mailboxes WHERE queue = ?1 AND mailbox = ?2",
        params![row.queue(QueueKind::Inbound), push.entry.group.as_str()],
    )?;
    if to_u64(waiting.unwrap_or_default()) >= push.max_group_depth {
        tx.record(&row, &dropped(&push.facts), false)?;
        return Ok(Pushed::GroupFull);
    }
    // The id of a dropped message is not remembered: sent again when there is room, it is accepted.
    tx.remember(&row, &id, REMEMBERED)?;
    tx.append(&row, QueueKind::Inbound, &push.entry)?;
    for entry in &push.outbox {
        tx.append(&row, QueueKind::Outbox, entry)?;
    }
    tx.record(&row, &push.facts, false)?;
    Ok(Pushed::Accepted)
}
