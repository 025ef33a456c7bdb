//! What brings something in: refused early when the disk is nearly full, so that what makes room goes
//! on.

use std::time::Duration;

use rusqlite::params;

use super::step::{Answer, Home, Step, count, whole};
use crate::contracts::storage::encoding::{DUPLICATE_DAYS, digest, dropped, superseding};
use crate::contracts::storage::{Partition, Push, Pushed, QueueKind};
use crate::model::event::Facts;

/// How long what was accepted is known.
const REMEMBERED: Duration = Duration::from_hours(24 * DUPLICATE_DAYS);

/// Appends a message to its group, once, with what is owed for it already.
pub(super) fn push(step: &mut Step<'_>, partition: &Partition, push: &Push) -> Answer<Pushed> {
    let home = step.home(partition)?;
    let id = digest(&[push.entry.id.as_str()]);
    if step.is_known(&home, &id)? {
        return Ok(Pushed::Duplicate);
    }
    let pending = step.figure(
        "SELECT sum(given - done) FROM queues WHERE queue IN (?1, ?2)",
        [home.queue(QueueKind::Inbound), home.queue(QueueKind::Outbox)],
    )?;
    if count(pending.unwrap_or_default()) >= push.max_depth {
        return Ok(Pushed::Full);
    }
    step.remember(&home, &id, REMEMBERED)?;
    let waiting = step.figure(
        "SELECT length FROM mailboxes WHERE queue = ?1 AND mailbox = ?2",
        params![home.queue(QueueKind::Inbound), push.entry.group.as_str()],
    )?;
    if count(waiting.unwrap_or_default()) >= push.max_group_depth {
        step.record(&home, &dropped(&push.facts), false, push.facts.max_records)?;
        return Ok(Pushed::GroupFull);
    }
    step.append(&home, QueueKind::Inbound, &push.entry)?;
    for entry in &push.outbox {
        step.append(&home, QueueKind::Outbox, entry)?;
    }
    step.record(&home, &push.facts, false, push.facts.max_records)?;
    Ok(Pushed::Accepted)
}

/// Notes facts about a message that is in no queue, once.
pub(super) fn note(step: &Step<'_>, partition: &Partition, facts: &Facts) -> Answer<()> {
    let home = step.home(partition)?;
    let digests = superseding(facts);
    for digest in &digests {
        if step.is_known(&home, digest)? {
            return Ok(());
        }
    }
    step.remember(&home, &digests[0], REMEMBERED)?;
    step.record(&home, facts, false, facts.max_records)
}

impl Step<'_> {
    pub(super) fn is_known(&self, home: &Home<'_>, digest: &[u8]) -> Answer<bool> {
        let until = self.figure(
            "SELECT until FROM known WHERE partition = ?1 AND digest = ?2",
            params![home.number, digest],
        )?;
        Ok(until.is_some_and(|until| until > self.now))
    }

    pub(super) fn remember(&self, home: &Home<'_>, digest: &[u8], time: Duration) -> Answer<()> {
        self.run(
            "INSERT INTO known (partition, digest, until) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET until = excluded.until",
            params![home.number, digest, self.in_a_while(time)],
        )?;
        Ok(())
    }
}

/// Appends a line to a feed.
pub(super) fn publish(step: &mut Step<'_>, feed: String, line: &str, keep: u64) -> Answer<()> {
    // A feed does not begin at one: whoever followed it in a file that is gone would take a place of
    // this one for theirs.
    let number = step.figure(
        "INSERT INTO feeds (feed, number, line) VALUES
             (?1, 1 + coalesce((SELECT max(number) FROM feeds WHERE feed = ?1), ?3), ?2)
         RETURNING number",
        params![feed, line, step.ticket],
    )?;
    // The newest always stays: the next is counted from it.
    let oldest = number.unwrap_or_default().saturating_sub(whole(keep.max(1)));
    step.run("DELETE FROM feeds WHERE feed = ?1 AND number <= ?2", params![feed, oldest])?;
    step.news.push(super::step::News::FeedEntry(feed));
    Ok(())
}
