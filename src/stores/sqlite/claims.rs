//! Claims: how they are made, kept, and taken from whoever does not keep them.

use std::time::Duration;

use chrono::DateTime;
use rusqlite::{Row, params};

use super::desk::BackDoor;
use super::settle;
use super::step::{Answer, Home, Step, count};
use crate::contracts::storage::encoding::{CLAIM_RECLAIMS, SUSPECT_AFTER};
use crate::contracts::storage::{Claim, ClaimRequest, Claimed, Entry, Queue, QueueKind, Token};
use crate::model::address::{Group, LineKey};
use crate::model::message::MessageId;

/// A group that may be claimed, as it stands.
struct Candidate {
    mailbox: String,
    attempt: u32,
    isolated: u32,
    failures: u32,
    outcome_unknown: Option<i64>,
    note: Option<String>,
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

/// Takes the longest waiting group's head, under a lease.
pub(super) fn claim(step: &mut Step<'_>, queue: &Queue, ask: &ClaimRequest) -> Answer<Claimed> {
    let home = step.home(&queue.partition)?;
    let suspect = if ask.reclaim {
        bring_back(step, &home, queue.kind, CLAIM_RECLAIMS)?;
        next_suspect(step, home.queue(queue.kind), &ask.closed)?
    } else {
        None
    };
    if let Some(suspect) = suspect {
        let suspect = Candidate { isolated: suspect.isolated + 1, ..suspect };
        if let Some(claim) = take(step, &home, queue, ask, suspect)? {
            return Ok(claim);
        }
    }
    while let Some(next) = next_ready(step, home.queue(queue.kind), &ask.closed)? {
        if let Some(claim) = take(step, &home, queue, ask, next)? {
            return Ok(claim);
        }
    }
    Ok(Claimed::Empty { next_due: next_due(step, home.queue(queue.kind))? })
}

/// Returns the next ready group: the longest waiting without a line, or else the longest waiting of
/// the open line that was served least recently, which goes to the end of the rotation.
fn next_ready(step: &Step<'_>, queue: i64, closed: &[LineKey]) -> Answer<Option<Candidate>> {
    if let Some(group) = longest_ready(step, queue, "")? {
        return Ok(Some(group));
    }
    while let Some(line) = next_line(step, queue, closed)? {
        let group = longest_ready(step, queue, &line)?;
        let mailbox = group.as_ref().map_or("", |group| &group.mailbox);
        let more = step.run(
            "UPDATE lines SET turn = ?4 WHERE queue = ?1 AND line = ?2 AND EXISTS (
                 SELECT 1 FROM mailboxes
                 WHERE queue = ?1 AND stands = 'ready' AND line = ?2 AND mailbox <> ?3)",
            params![queue, line, mailbox, step.ticket],
        )?;
        if more == 0 {
            let last = "DELETE FROM lines WHERE queue = ?1 AND line = ?2";
            step.run(last, params![queue, line])?;
        }
        if group.is_some() {
            return Ok(group);
        }
    }
    Ok(None)
}

fn longest_ready(step: &Step<'_>, queue: i64, line: &str) -> Answer<Option<Candidate>> {
    step.one(
        "SELECT mailbox, attempt, isolated, failures, outcome_unknown, note FROM mailboxes
         WHERE queue = ?1 AND stands = 'ready' AND line = ?2 ORDER BY at, mailbox LIMIT 1",
        params![queue, line],
        Candidate::read,
    )
}

/// Returns the open line that was served least recently.
fn next_line(step: &Step<'_>, queue: i64, closed: &[LineKey]) -> Answer<Option<String>> {
    step.first(
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
fn next_suspect(step: &Step<'_>, queue: i64, closed: &[LineKey]) -> Answer<Option<Candidate>> {
    let in_hand = step.one(
        "SELECT 1 FROM mailboxes INDEXED BY the_suspect_in_hand
         WHERE queue = ?1 AND stands = 'leased' AND isolated > 0",
        [queue],
        |_| Ok(()),
    )?;
    if in_hand.is_some() {
        return Ok(None);
    }
    let found = step.first(
        "SELECT mailbox, attempt, isolated, failures, outcome_unknown, note, line FROM mailboxes
         WHERE queue = ?1 AND stands = 'suspect' ORDER BY at, mailbox",
        [queue],
        |row| Ok((Candidate::read(row)?, row.get::<_, String>(6)?)),
        |(_, line)| !is_closed(line, closed),
    )?;
    Ok(found.map(|(suspect, _)| suspect))
}

/// Leases a group. One without messages, as an editor of the file may leave it, is done away with.
fn take(
    step: &Step<'_>,
    home: &Home<'_>,
    queue: &Queue,
    ask: &ClaimRequest,
    found: Candidate,
) -> Answer<Option<Claimed>> {
    let number = home.queue(queue.kind);
    let head = step.one(
        "SELECT sequence, id, payload FROM messages
         WHERE queue = ?1 AND mailbox = ?2 ORDER BY sequence LIMIT 1",
        params![number, found.mailbox],
        |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)),
    )?;
    let Some((sequence, id, payload)) = head else {
        let remove = "DELETE FROM mailboxes WHERE queue = ?1 AND mailbox = ?2";
        step.run(remove, params![number, found.mailbox])?;
        return Ok(None);
    };
    let attempt = found.attempt + 1;
    step.run(
        "UPDATE mailboxes SET stands = 'leased', at = ?3, token = ?4, attempt = ?5, isolated = ?6,
             outcome_unknown = coalesce(outcome_unknown, ?7)
         WHERE queue = ?1 AND mailbox = ?2",
        params![
            number,
            found.mailbox,
            step.in_a_while(ask.lease),
            ask.token.as_str(),
            attempt,
            found.isolated,
            step.now,
        ],
    )?;
    let state = step.value(home, &found.mailbox)?;
    Ok(Some(Claimed::Message(Box::new(Claim {
        queue: queue.clone(),
        group: Group::from_id(found.mailbox),
        token: ask.token.clone(),
        sequence: count(sequence),
        id: MessageId::new(id),
        payload,
        attempt,
        isolated: found.isolated,
        failures: found.failures,
        outcome_unknown_since: found.outcome_unknown.and_then(DateTime::from_timestamp_millis),
        note: found.note,
        state,
    }))))
}

/// Brings back, at the front, whatever nobody works on any more: ended leases, due retries; and what
/// was to be woken now. A message that two claims have not settled is a suspect, and waits apart.
pub(super) fn bring_back(
    step: &mut Step<'_>,
    home: &Home<'_>,
    kind: QueueKind,
    most: u32,
) -> Answer<u64> {
    let queue = home.queue(kind);
    let ended = step.all(
        "UPDATE mailboxes SET token = NULL,
             stands = CASE WHEN attempt >= ?5 THEN 'suspect' ELSE 'ready' END,
             at = CASE WHEN attempt >= ?5 THEN ?4 ELSE 0 END
         WHERE queue = ?1 AND mailbox IN (SELECT mailbox FROM mailboxes
             WHERE queue = ?1 AND stands = 'leased' AND at <= ?2 ORDER BY at LIMIT ?3)
         RETURNING iif(stands = 'ready', line, '')",
        params![queue, step.now, most, step.ticket, SUSPECT_AFTER],
        |row| row.get::<_, String>(0),
    )?;
    let due = step.all(
        "UPDATE mailboxes SET stands = 'ready', at = 0
         WHERE queue = ?1 AND mailbox IN (SELECT mailbox FROM mailboxes
             WHERE queue = ?1 AND stands = 'delayed' AND at <= ?2 ORDER BY at LIMIT ?3) RETURNING line",
        params![queue, step.now, most],
        |row| row.get::<_, String>(0),
    )?;
    for line in ended.iter().chain(&due) {
        step.rotate_in(queue, line)?;
        step.ring(home, kind);
    }
    let woken = wake(step, home, kind, most)?;
    Ok((ended.len() + due.len() + woken) as u64)
}

fn wake(step: &mut Step<'_>, home: &Home<'_>, kind: QueueKind, most: u32) -> Answer<usize> {
    let queue = home.queue(kind);
    let due = step.all(
        "SELECT mailbox, id, payload FROM wakes
         WHERE queue = ?1 AND due <= ?2 ORDER BY due, mailbox, id, payload LIMIT ?3",
        params![queue, step.now, most],
        |row| {
            Ok(Entry {
                group: Group::from_id(row.get::<_, String>(0)?),
                id: MessageId::new(row.get::<_, String>(1)?),
                payload: row.get(2)?,
            })
        },
    )?;
    for entry in &due {
        step.run(
            "DELETE FROM wakes WHERE queue = ?1 AND mailbox = ?2 AND id = ?3 AND payload = ?4",
            params![queue, entry.group.as_str(), entry.id.as_str(), entry.payload],
        )?;
        step.append_wake(home, kind, entry)?;
    }
    Ok(due.len())
}

fn next_due(step: &Step<'_>, queue: i64) -> Answer<Option<Duration>> {
    let due = step.figure(
        "SELECT min(due) FROM (
             SELECT min(at) AS due FROM mailboxes WHERE queue = ?1 AND stands = 'leased'
             UNION ALL SELECT min(at) FROM mailboxes WHERE queue = ?1 AND stands = 'delayed'
             UNION ALL SELECT min(due) FROM wakes WHERE queue = ?1)",
        [queue],
    )?;
    Ok(due.map(|due| Duration::from_millis(count(due.saturating_sub(step.now)))))
}

/// Moves the end of the leases that are still ours; answers which are not.
pub(super) fn extend(
    step: &Step<'_>,
    queue: &Queue,
    lease: Duration,
    claims: &[(Group, Token)],
) -> Answer<Vec<Group>> {
    let number = step.find(&queue.partition)?.queue(queue.kind);
    let end = step.in_a_while(lease);
    let mut lost = Vec::new();
    for (group, token) in claims {
        let kept = step.run(
            "UPDATE mailboxes SET at = ?4 WHERE queue = ?1 AND mailbox = ?2 AND token = ?3",
            params![number, group.as_str(), token.as_str(), end],
        )?;
        if kept == 0 {
            lost.push(group.clone());
        }
    }
    Ok(lost)
}

/// A claim on its way to whoever asked for it. Should they have gone meanwhile, it is handed back: left
/// to its lease, its message would come to look like one that kills its workers.
pub(super) struct Handover {
    claimed: Option<Claimed>,
    back: BackDoor,
}

impl Handover {
    pub(super) fn new(claimed: Claimed, back: BackDoor) -> Self {
        Self { claimed: Some(claimed), back }
    }

    pub(super) fn take(mut self) -> Claimed {
        self.claimed.take().expect("it is taken once, for that consumes it")
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        if let Some(Claimed::Message(claim)) = self.claimed.take() {
            self.back.leave(move |step| settle::release(step, &claim));
        }
    }
}
