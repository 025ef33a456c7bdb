//! Groups that have messages: appending to them, and removing from them.

use rusqlite::params;

use super::transaction::{PartitionRow, StorageResult, Transaction};
use crate::contracts::storage::{Claim, Entry, QueueKind};
use crate::model::address::Group;

/// Returns the line of a group as the file holds it: blank without one.
pub(super) fn line_of(group: &Group) -> String {
    group.line().map_or_else(String::new, |line| line.as_str().to_owned())
}

/// A claim that still holds.
pub(super) struct HeldClaim<'p> {
    pub(super) row: PartitionRow<'p>,
    pub(super) queue: i64,
    length: i64,
}

impl Transaction<'_> {
    /// Adds a line that has a ready group to the end of the rotation, unless it is in it.
    pub(super) fn rotate_in(&self, queue: i64, line: &str) -> StorageResult<()> {
        if !line.is_empty() {
            self.execute(
                "INSERT INTO lines (queue, line, turn) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![queue, line, self.ticket],
            )?;
        }
        Ok(())
    }

    /// Appends a message to its group.
    pub(super) fn append(
        &mut self,
        row: &PartitionRow<'_>,
        kind: QueueKind,
        entry: &Entry,
    ) -> StorageResult<()> {
        let (queue, mailbox) = (row.queue(kind), entry.group.as_str());
        let given = "UPDATE queues SET given = given + 1 WHERE queue = ?1 RETURNING given";
        let sequence = self.query_number(given, [queue])?;
        self.execute(
            "INSERT INTO messages (queue, mailbox, sequence, id, payload)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![queue, mailbox, sequence, entry.id.as_str(), entry.payload],
        )?;
        let line = line_of(&entry.group);
        let length = self.query_number(
            "INSERT INTO mailboxes (queue, mailbox, line, length, status, at)
             VALUES (?1, ?2, ?3, 1, 'ready', ?4)
             ON CONFLICT DO UPDATE SET length = length + 1 RETURNING length",
            params![queue, mailbox, line, self.ticket],
        )?;
        if length == Some(1) {
            self.rotate_in(queue, &line)?;
            self.notify_ready(row, kind);
        }
        Ok(())
    }

    /// Appends a wake, unless an identical one is last in its group and is not being handled yet: that
    /// one will see everything that this one was sent for.
    pub(super) fn append_wake(
        &mut self,
        row: &PartitionRow<'_>,
        kind: QueueKind,
        wake: &Entry,
    ) -> StorageResult<()> {
        let is_covered = self.query_optional(
            "SELECT messages.id = ?3 AND messages.payload = ?4
                 AND (length > 1 OR status <> 'leased')
             FROM messages JOIN mailboxes USING (queue, mailbox)
             WHERE queue = ?1 AND mailbox = ?2 ORDER BY sequence DESC LIMIT 1",
            params![row.queue(kind), wake.group.as_str(), wake.id.as_str(), wake.payload],
            |row| row.get(0),
        )?;
        if is_covered == Some(true) { Ok(()) } else { self.append(row, kind, wake) }
    }

    /// Checks the double fence: the token of the claim, and the sequence of the head that it claimed.
    pub(super) fn held<'p>(&self, claim: &'p Claim) -> StorageResult<Option<HeldClaim<'p>>> {
        let row = self.find_partition(&claim.queue.partition)?;
        let queue = row.queue(claim.queue.kind);
        let found = self.query_optional(
            "SELECT length, token, (SELECT sequence FROM messages
                 WHERE queue = ?1 AND mailbox = ?2 ORDER BY sequence LIMIT 1)
             FROM mailboxes WHERE queue = ?1 AND mailbox = ?2",
            params![queue, claim.group.as_str()],
            |row| {
                Ok((row.get(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<i64>>(2)?))
            },
        )?;
        let Some((length, token, head)) = found else { return Ok(None) };
        let ours = token.as_deref() == Some(claim.token.as_str())
            && head.and_then(|head| u64::try_from(head).ok()) == Some(claim.sequence);
        Ok(ours.then_some(HeldClaim { row, queue, length }))
    }

    /// Removes the head of a group whose claim has ended, and makes the rest of the group ready.
    pub(super) fn remove_head(&self, held: &HeldClaim<'_>, claim: &Claim) -> StorageResult<()> {
        let (queue, mailbox) = (held.queue, claim.group.as_str());
        self.execute(
            "DELETE FROM messages WHERE (queue, mailbox) = (?1, ?2) AND sequence =
                 (SELECT min(sequence) FROM messages WHERE queue = ?1 AND mailbox = ?2)",
            params![queue, mailbox],
        )?;
        self.execute("UPDATE queues SET done = done + 1 WHERE queue = ?1", [queue])?;
        if held.length <= 1 {
            let remove = "DELETE FROM mailboxes WHERE queue = ?1 AND mailbox = ?2";
            self.execute(remove, params![queue, mailbox])?;
            return Ok(());
        }
        self.execute(
            "UPDATE mailboxes SET length = length - 1, status = 'ready', at = ?3, token = NULL,
                 attempt = 0, isolated = 0, failures = 0, outcome_unknown = NULL, note = NULL
             WHERE queue = ?1 AND mailbox = ?2",
            params![queue, mailbox, self.ticket],
        )?;
        self.rotate_in(queue, &line_of(&claim.group))
    }
}
