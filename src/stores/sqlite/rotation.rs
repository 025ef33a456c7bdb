//! The rotation of lines, and the choice of the next groups to claim.

use rusqlite::{Row, params};

use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64};
use crate::model::address::LineKey;

/// A group that may be claimed, with the attempts of its head.
pub(super) struct Candidate {
    pub(super) mailbox: String,
    pub(super) attempt: u32,
    pub(super) isolated: u32,
    pub(super) failures: u32,
    pub(super) outcome_unknown: Option<i64>,
    pub(super) note: Option<String>,
    /// Absent from a group without messages, which only an edit of the file leaves.
    pub(super) head: Option<Head>,
    /// Value stored under the group's own id.
    pub(super) state: Option<String>,
}

/// The first message of a group.
pub(super) struct Head {
    pub(super) sequence: i64,
    pub(super) id: String,
    pub(super) payload: String,
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let head = match row.get(6)? {
            Some(sequence) => Some(Head { sequence, id: row.get(7)?, payload: row.get(8)? }),
            None => None,
        };
        Ok(Self {
            mailbox: row.get(0)?,
            attempt: row.get(1)?,
            isolated: row.get(2)?,
            failures: row.get(3)?,
            outcome_unknown: row.get(4)?,
            note: row.get(5)?,
            head,
            state: row.get(9)?,
        })
    }
}

/// Returns the groups of a line, or of no line, that have been ready for longest.
pub(super) fn longest_ready(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    queue: i64,
    line: &str,
    limit: usize,
) -> StorageResult<Vec<Candidate>> {
    tx.query_all(
        "SELECT it.mailbox, attempt, isolated, failures, outcome_unknown, note,
             head.sequence, head.id, head.payload,
             (SELECT value FROM state WHERE partition = ?3 AND key = it.mailbox AND until > ?4)
         FROM mailboxes AS it LEFT JOIN messages AS head
             ON head.queue = it.queue AND head.mailbox = it.mailbox AND head.sequence =
                 (SELECT min(sequence) FROM messages WHERE queue = ?1 AND mailbox = it.mailbox)
         WHERE it.queue = ?1 AND it.status = 'ready' AND it.line = ?2
         ORDER BY it.at, it.mailbox LIMIT ?5",
        params![queue, line, row.number, tx.now, to_i64(limit)],
        Candidate::read,
    )
}

/// Returns the suspect that has waited longest on an open line, when no other one is being tried.
pub(super) fn next_suspect(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    queue: i64,
    closed: &[LineKey],
) -> StorageResult<Option<Candidate>> {
    let found = tx.query_first(
        "SELECT mailbox, line FROM mailboxes WHERE queue = ?1 AND status = 'suspect'
         ORDER BY at, mailbox",
        [queue],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        |(_, line)| !is_closed(line, closed),
    )?;
    let Some((mailbox, _)) = found else { return Ok(None) };
    let being_tried = tx.query_optional(
        "SELECT 1 FROM mailboxes INDEXED BY suspect_being_tried
         WHERE queue = ?1 AND status = 'leased' AND isolated > 0",
        [queue],
        |_| Ok(()),
    )?;
    if being_tried.is_some() {
        return Ok(None);
    }
    tx.query_optional(
        "SELECT it.mailbox, attempt, isolated, failures, outcome_unknown, note,
             head.sequence, head.id, head.payload,
             (SELECT value FROM state WHERE partition = ?3 AND key = it.mailbox AND until > ?4)
         FROM mailboxes AS it LEFT JOIN messages AS head INDEXED BY messages_by_mailbox
             ON head.queue = it.queue AND head.mailbox = it.mailbox
         WHERE it.queue = ?1 AND it.mailbox = ?2 ORDER BY head.sequence LIMIT 1",
        params![queue, mailbox, row.number, tx.now],
        Candidate::read,
    )
}

/// The open line that was served least recently.
pub(super) struct NextLine {
    pub(super) line: String,
    /// No other line is in the rotation.
    pub(super) is_alone: bool,
}

/// Returns the open line that was served least recently.
pub(super) fn next_line(
    tx: &Transaction<'_>,
    queue: i64,
    closed: &[LineKey],
) -> StorageResult<Option<NextLine>> {
    let mut others = 0;
    let mut next: Option<String> = None;
    tx.query_first(
        "SELECT line FROM lines WHERE queue = ?1 ORDER BY turn, line",
        [queue],
        |row| row.get::<_, String>(0),
        |line| {
            if next.is_none() && !is_closed(line, closed) {
                next = Some(line.clone());
            } else {
                others += 1;
            }
            next.is_some() && others > 0
        },
    )?;
    Ok(next.map(|line| NextLine { line, is_alone: others == 0 }))
}

fn is_closed(line: &str, closed: &[LineKey]) -> bool {
    !line.is_empty() && closed.iter().any(|key| line.starts_with(key.as_str()))
}

impl Transaction<'_> {
    /// Adds a line that has a ready group to the end of the rotation, unless it is in it.
    pub(super) fn rotate_in(&self, queue: i64, line: &str) -> StorageResult<()> {
        if line.is_empty() || self.memo.borrow().is_in_rotation(queue, line) {
            return Ok(());
        }
        self.execute(
            "INSERT INTO lines (queue, line, turn) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![queue, line, self.ticket],
        )?;
        self.memo.borrow_mut().keep_line(queue, line);
        Ok(())
    }

    /// Moves a line that was served to the end of the rotation, or out of it when none of its groups is
    /// ready. One that is alone stays where it is.
    pub(super) fn rotate(&mut self, queue: i64, served: &NextLine) -> StorageResult<()> {
        let NextLine { line, is_alone } = served;
        let has_more = self.query_optional(
            "SELECT 1 FROM mailboxes INDEXED BY mailboxes_ready
             WHERE queue = ?1 AND status = 'ready' AND line = ?2 LIMIT 1",
            params![queue, line],
            |_| Ok(()),
        )?;
        if has_more.is_none() {
            self.memo.borrow_mut().forget_line(queue, line);
            let remove = "DELETE FROM lines WHERE queue = ?1 AND line = ?2";
            self.execute(remove, params![queue, line])?;
        } else if !is_alone {
            let turn = self.take_later_ticket();
            let move_back = "UPDATE lines SET turn = ?3 WHERE queue = ?1 AND line = ?2";
            self.execute(move_back, params![queue, line, turn])?;
        }
        Ok(())
    }
}
