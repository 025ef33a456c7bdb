//! Groups that have messages: how they come to have them, and how they lose them.

use rusqlite::params;

use super::step::{Answer, Home, Step};
use crate::contracts::storage::{Claim, Entry, QueueKind};
use crate::model::address::Group;

/// The line of a group as the file holds it.
pub(super) fn line_of(group: &Group) -> String {
    group.line().map_or_else(String::new, |line| line.as_str().to_owned())
}

/// A group's claim that still holds.
pub(super) struct Held<'p> {
    pub(super) home: Home<'p>,
    pub(super) queue: i64,
    length: i64,
}

impl Step<'_> {
    /// Adds a line that has a ready group to the end of the rotation, unless it is in it.
    pub(super) fn rotate_in(&self, queue: i64, line: &str) -> Answer<()> {
        if !line.is_empty() {
            self.run(
                "INSERT INTO lines (queue, line, turn) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![queue, line, self.ticket],
            )?;
        }
        Ok(())
    }

    /// Puts a message at the end of its group.
    pub(super) fn append(&mut self, home: &Home<'_>, kind: QueueKind, entry: &Entry) -> Answer<()> {
        let (queue, mailbox) = (home.queue(kind), entry.group.as_str());
        let given = "UPDATE queues SET given = given + 1 WHERE queue = ?1 RETURNING given";
        let sequence = self.figure(given, [queue])?;
        self.run(
            "INSERT INTO messages (queue, mailbox, sequence, id, payload)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![queue, mailbox, sequence, entry.id.as_str(), entry.payload],
        )?;
        let length = self.figure(
            "INSERT INTO mailboxes (queue, mailbox, line, length, stands, at)
             VALUES (?1, ?2, ?3, 1, 'ready', ?4)
             ON CONFLICT DO UPDATE SET length = length + 1 RETURNING length",
            params![queue, mailbox, line_of(&entry.group), self.ticket],
        )?;
        if length == Some(1) {
            self.rotate_in(queue, &line_of(&entry.group))?;
            self.ring(home, kind);
        }
        Ok(())
    }

    /// A wake is dropped when its like, to the letter, waits at the end of its group and nobody works
    /// on it yet: that one will see everything that this one was meant to show.
    pub(super) fn append_wake(
        &mut self,
        home: &Home<'_>,
        kind: QueueKind,
        wake: &Entry,
    ) -> Answer<()> {
        let like = self.one(
            "SELECT messages.id = ?3 AND messages.payload = ?4 AND (length > 1 OR stands <> 'leased')
             FROM messages JOIN mailboxes USING (queue, mailbox)
             WHERE queue = ?1 AND mailbox = ?2 ORDER BY sequence DESC LIMIT 1",
            params![home.queue(kind), wake.group.as_str(), wake.id.as_str(), wake.payload],
            |row| row.get(0),
        )?;
        if like == Some(true) { Ok(()) } else { self.append(home, kind, wake) }
    }

    /// The double fence: the claim's token, and the sequence of the head that it claimed.
    pub(super) fn held<'p>(&self, claim: &'p Claim) -> Answer<Option<Held<'p>>> {
        let home = self.find(&claim.queue.partition)?;
        let queue = home.queue(claim.queue.kind);
        let found = self.one(
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
        Ok(ours.then_some(Held { home, queue, length }))
    }

    /// Takes the head off a group whose claim is over, and lets the group go on.
    pub(super) fn remove_head(&self, held: &Held<'_>, claim: &Claim) -> Answer<()> {
        let (queue, mailbox) = (held.queue, claim.group.as_str());
        self.run(
            "DELETE FROM messages WHERE (queue, mailbox) = (?1, ?2) AND sequence =
                 (SELECT min(sequence) FROM messages WHERE queue = ?1 AND mailbox = ?2)",
            params![queue, mailbox],
        )?;
        self.run("UPDATE queues SET done = done + 1 WHERE queue = ?1", [queue])?;
        if held.length <= 1 {
            self.run(
                "DELETE FROM mailboxes WHERE queue = ?1 AND mailbox = ?2",
                params![queue, mailbox],
            )?;
        } else {
            self.run(
                "UPDATE mailboxes SET length = length - 1, stands = 'ready', at = ?3, token = NULL,
                     attempt = 0, isolated = 0, failures = 0, outcome_unknown = NULL, note = NULL
                 WHERE queue = ?1 AND mailbox = ?2",
                params![queue, mailbox, self.ticket],
            )?;
            self.rotate_in(queue, &line_of(&claim.group))?;
        }
        Ok(())
    }
}
