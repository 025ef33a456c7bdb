//! Groups that have messages: appending to them, and removing from them.

use rusqlite::params;

use super::tallies::Tally;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64};
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
    /// Appends a message to its group.
    pub(super) fn append(
        &mut self,
        row: &PartitionRow<'_>,
        kind: QueueKind,
        entry: &Entry,
    ) -> StorageResult<()> {
        let (queue, mailbox) = (row.queue(kind), entry.group.as_str());
        let sequence = self.next_sequence(queue)?;
        self.execute(
            "INSERT INTO messages (queue, mailbox, sequence, id, payload)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![queue, mailbox, sequence, entry.id.as_str(), entry.payload],
        )?;
        let line = line_of(&entry.group);
        let longer = "UPDATE mailboxes SET length = length + 1 WHERE queue = ?1 AND mailbox = ?2";
        if self.execute(longer, params![queue, mailbox])? == 0 {
            self.execute(
                "INSERT INTO mailboxes (queue, mailbox, line, length, status, at)
                 VALUES (?1, ?2, ?3, 1, 'ready', ?4)",
                params![queue, mailbox, line, self.ticket],
            )?;
            self.count(queue, Tally::groups(1));
            self.rotate_in(queue, &line)?;
            self.notify_ready(row, kind);
        }
        Ok(())
    }

    /// Removes a group that has no messages, however it waits.
    pub(super) fn remove_group(&self, queue: i64, mailbox: &str) -> StorageResult<()> {
        let was_delayed = self.query_number(
            "DELETE FROM mailboxes WHERE queue = ?1 AND mailbox = ?2 RETURNING status = 'delayed'",
            params![queue, mailbox],
        )?;
        if let Some(delayed) = was_delayed {
            self.count(queue, Tally::groups(-1));
            self.count(queue, Tally::delayed(-delayed));
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
             FROM messages INDEXED BY messages_by_mailbox
                 JOIN mailboxes USING (queue, mailbox)
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
            "SELECT length, token, (SELECT sequence FROM messages INDEXED BY messages_by_mailbox
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
            "DELETE FROM messages WHERE queue = ?1 AND sequence = ?2",
            params![queue, to_i64(claim.sequence)],
        )?;
        self.count_removed(queue)?;
        if held.length <= 1 {
            let remove = "DELETE FROM mailboxes WHERE queue = ?1 AND mailbox = ?2";
            self.execute(remove, params![queue, mailbox])?;
            self.count(queue, Tally::groups(-1));
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
