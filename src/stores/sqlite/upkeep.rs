//! What is not hurried: audits, and the end of what was kept long enough.

use std::time::Duration;

use rusqlite::params;

use super::mailbox::line_of;
use super::step::{Answer, Step, count};
use super::{commit, events};
use crate::contracts::storage::{Audit, Partition, Queue, QueueKind, Retention, StorageError};
use crate::model::address::Group;
use crate::model::topic::TopicName;

/// What an audit found: how many groups have messages, and which are not as their messages say.
pub(super) struct Survey {
    groups: u64,
    odd: Vec<String>,
    /// Lines that have ready groups and are not in the rotation.
    unreachable: Vec<String>,
}

/// Whether it is time; if so, it is not again before `every` is over.
pub(super) fn may_audit(step: &Step<'_>, queue: &Queue, every: Duration) -> Answer<bool> {
    let home = step.home(&queue.partition)?;
    open_gate(step, "audit", home.queue(queue.kind), every)
}

fn open_gate(step: &Step<'_>, gate: &str, number: i64, every: Duration) -> Answer<bool> {
    let opened = step.run(
        "INSERT INTO gates (gate, number, until) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET until = excluded.until WHERE until <= ?4",
        params![gate, number, step.in_a_while(every.max(Duration::from_millis(1))), step.now],
    )?;
    Ok(opened > 0)
}

/// Looks at everything, which nobody has to wait for.
pub(super) fn survey(step: &Step<'_>, queue: &Queue) -> Answer<Survey> {
    let number = step.find(&queue.partition)?.queue(queue.kind);
    let groups = "SELECT count(DISTINCT mailbox) FROM messages WHERE queue = ?1";
    let odd = step.all(
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
    let unreachable = step.all(
        "SELECT DISTINCT line FROM mailboxes WHERE queue = ?1 AND stands = 'ready' AND line <> ''
             AND line NOT IN (SELECT line FROM lines WHERE queue = ?1)",
        [number],
        |row| row.get(0),
    )?;
    let groups = count(step.figure(groups, [number])?.unwrap_or_default());
    Ok(Survey { groups, odd, unreachable })
}

/// Makes groups ready that have messages and stand nowhere, and puts right what is counted. Nothing
/// that is found now may still be odd: it is looked at again, one group at a time.
pub(super) fn mend(step: &mut Step<'_>, queue: &Queue, survey: &Survey) -> Answer<Audit> {
    let mut audit = Audit { groups: survey.groups, mended: 0 };
    if survey.odd.is_empty() && survey.unreachable.is_empty() {
        return Ok(audit);
    }
    let home = step.home(&queue.partition)?;
    let number = home.queue(queue.kind);
    for line in &survey.unreachable {
        step.rotate_in(number, line)?;
        audit.mended += 1;
    }
    for mailbox in &survey.odd {
        let group = params![number, mailbox];
        let line = line_of(&Group::from_id(mailbox));
        let length = "SELECT count(*) FROM messages WHERE queue = ?1 AND mailbox = ?2";
        let length = step.figure(length, group)?.unwrap_or_default();
        if length == 0 {
            step.run("DELETE FROM mailboxes WHERE queue = ?1 AND mailbox = ?2", group)?;
            continue;
        }
        let counted = step.run(
            "UPDATE mailboxes SET length = ?3 WHERE queue = ?1 AND mailbox = ?2",
            params![number, mailbox, length],
        )?;
        if counted == 0 {
            step.run(
                "INSERT INTO mailboxes (queue, mailbox, line, length, stands, at)
                 VALUES (?1, ?2, ?3, ?4, 'ready', ?5)",
                params![number, mailbox, line, length, step.ticket],
            )?;
            step.rotate_in(number, &line)?;
            step.ring(&home, queue.kind);
            audit.mended += 1;
        }
    }
    step.run(
        "UPDATE queues SET done = given - (SELECT count(*) FROM messages WHERE queue = ?1)
         WHERE queue = ?1",
        [number],
    )?;
    Ok(audit)
}

/// Drops what has been kept long enough; once in a while, whoever asks.
pub(super) fn trim(
    step: &Step<'_>,
    partition: &Partition,
    retention: Retention,
    every: Duration,
) -> Answer<()> {
    let home = step.home(partition)?;
    if !open_gate(step, "trim", home.number, every)? {
        return Ok(());
    }
    events::drop_older(step, &home, step.a_while_ago(retention.events))?;
    let since = step.a_while_ago(retention.dead_letters);
    for kind in [QueueKind::Inbound, QueueKind::Outbox] {
        let old = "DELETE FROM dead_letters WHERE queue = ?1 AND at < ?2";
        step.run(old, [home.queue(kind), since])?;
    }
    commit::forget(step, &home)
}

/// Returns the partition count that is remembered for a topic. Remembers `count` when there is none.
pub(super) fn remember_partitions(step: &Step<'_>, topic: &TopicName, count: u16) -> Answer<u16> {
    let insert = "INSERT INTO topics (name, partitions) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    step.run(insert, params![topic.as_str(), count])?;
    Ok(known_partitions(step, topic)?.unwrap_or(count))
}

/// Returns the partition count that is remembered for a topic.
pub(super) fn known_partitions(step: &Step<'_>, topic: &TopicName) -> Answer<Option<u16>> {
    let known = "SELECT partitions FROM topics WHERE name = ?1";
    let Some(known) = step.figure(known, params![topic.as_str()])? else { return Ok(None) };
    u16::try_from(known)
        .map(Some)
        .map_err(|_| StorageError::Corrupt(format!("the topic {topic} has {known} partitions")))
}

/// Replaces the partition count that is remembered for a topic.
pub(super) fn change_partitions(step: &Step<'_>, topic: &TopicName, count: u16) -> Answer<()> {
    let change = "INSERT INTO topics (name, partitions) VALUES (?1, ?2)
                  ON CONFLICT DO UPDATE SET partitions = excluded.partitions";
    step.run(change, params![topic.as_str(), count]).map(drop)
}
